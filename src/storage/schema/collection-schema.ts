import type { Column } from '../records.ts'

/** A row whose collection is not known to the type system. */
export type Row = Readonly<Record<string, unknown>>

/** An index with the columns that order it in full, ties included. */
export interface IndexSchema {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly acrossTenants: boolean
  /** The tenant (unless the index is across tenants), the declared columns, and the columns that break ties. */
  readonly order: readonly string[]
}

/** A checked collection. `columns` holds all of them, base columns included, in storage order. */
export interface CollectionSchema {
  readonly name: string
  readonly tenant: boolean
  readonly columns: ReadonlyMap<string, Column>
  readonly indexes: ReadonlyMap<string, IndexSchema>
  /** The columns of the primary key. */
  readonly key: readonly string[]
}

const NAME = /^[a-z][A-Za-z0-9_]{0,62}$/

const BASE_COLUMNS: readonly (readonly [string, Column])[] = [
  ['id', { type: 'text' }],
  ['version', { type: 'integer' }],
  ['createdAtMs', { type: 'integer' }],
  ['updatedAtMs', { type: 'integer' }],
]

/** Checks a declared collection, and determines its full index orders. Mistakes are programming errors. */
function compileCollection(collection: AnyCollection): CollectionSchema {
  const { name, tenant } = collection
  requireName('collection', name)
  const columns = new Map<string, Column>(tenant ? [['tenantId', { type: 'text' }]] : [])
  for (const [column, type] of BASE_COLUMNS) columns.set(column, type)
  for (const [column, type] of Object.entries(collection.columns)) {
    requireName(`column of ${name}`, column)
    if (columns.has(column)) throw new TypeError(`${name}.${column} is declared twice`)
    columns.set(column, type)
  }
  const indexes = new Map<string, IndexSchema>()
  for (const declared of collection.indexes) {
    requireName(`index of ${name}`, declared.name)
    if (indexes.has(declared.name)) {
      throw new TypeError(`${name} has two indexes named ${declared.name}`)
    }
    for (const column of declared.columns) requireIndexable(name, column, columns.get(column))
    const across = declared.acrossTenants === true
    const tenantFirst = tenant && !across ? ['tenantId'] : []
    const tenantLast = tenant && across ? ['tenantId'] : []
    indexes.set(declared.name, {
      name: declared.name,
      columns: declared.columns,
      unique: declared.unique === true,
      acrossTenants: across,
      order: [...tenantFirst, ...declared.columns, ...tenantLast, 'id'],
    })
  }
  return { name, tenant, columns, indexes, key: tenant ? ['tenantId', 'id'] : ['id'] }
}

/** Checks all collections of a store; two with the same name are a programming error. */
export function compileCollections(
  collections: readonly AnyCollection[],
): ReadonlyMap<string, CollectionSchema> {
  const schemas = new Map<string, CollectionSchema>()
  for (const collection of collections) {
    if (schemas.has(collection.name)) {
      throw new TypeError(`two collections are named ${collection.name}`)
    }
    schemas.set(collection.name, compileCollection(collection))
  }
  return schemas
}

/** Any declared collection, whatever its rows. */
export interface AnyCollection {
  readonly name: string
  readonly tenant: boolean
  readonly columns: Readonly<Record<string, Column>>
  readonly indexes: readonly {
    readonly name: string
    readonly columns: readonly string[]
    readonly unique?: boolean
    readonly acrossTenants?: boolean
  }[]
}

function requireName(what: string, name: string): void {
  if (!NAME.test(name)) throw new TypeError(`${what}: "${name}" must match ${NAME.source}`)
}

function requireIndexable(collection: string, name: string, column: Column | undefined): void {
  if (column === undefined || name === 'id' || name === 'tenantId') {
    throw new TypeError(`${collection}: an index cannot name the column "${name}"`)
  }
  if (column.type === 'json') throw new TypeError(`${collection}.${name}: json cannot be indexed`)
}
