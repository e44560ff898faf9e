import type { CollectionSchema, Row } from '../schema/collection-schema.ts'
import type { Match } from '../schema/selection.ts'
import type { SqlTypes, SqlValue } from './codec.ts'
import { encodeValue } from './codec.ts'
import type { Execution } from './reads.ts'
import { equalsAll, matchKey } from './reads.ts'
import type { Builder } from './statement.ts'
import { createSlots, StatementCache } from './statement.ts'

/** Identifies the row that a change concerns: its key, and its version if that matters. */
export interface Target {
  readonly schema: CollectionSchema
  readonly key: readonly string[]
  readonly ifVersion: number | undefined
}

/** Builds the writes of {@link Records} once per shape, for any database. */
export class Writes {
  readonly #builder: Builder
  readonly #types: SqlTypes
  readonly #cache = new StatementCache()

  constructor(builder: Builder, types: SqlTypes) {
    this.#builder = builder
    this.#types = types
  }

  insert(schema: CollectionSchema, row: Row): Execution {
    const statement = this.#cache.get(`insert ${schema.name}`, () => {
      const slot = createSlots()
      const values = [...schema.columns.keys()].map((name) => [name, slot()] as const)
      return this.#builder.insertInto(schema.name).values(Object.fromEntries(values))
    })
    const values = [...schema.columns.keys()].map((name) => this.#encode(schema, name, row[name]))
    return { statement, values }
  }

  /** Sets columns and increments the version. */
  update(target: Target, set: Row): Execution {
    const { schema, key, ifVersion } = target
    const names = Object.keys(set).sort()
    const shape = `${schema.name} ${names.join(',')} ${ifVersion === undefined ? '' : 'version'}`
    const statement = this.#cache.get(`update ${shape}`, () => {
      const slot = createSlots()
      const columns = names.map((name) => [name, slot()] as const)
      let query = this.#builder
        .updateTable(schema.name)
        .set(Object.fromEntries(columns))
        .set((eb) => ({ version: eb('version', '+', eb.lit(1)) }))
      for (const name of schema.key) query = query.where(name, '=', slot())
      return ifVersion === undefined ? query : query.where('version', '=', slot())
    })
    const columns = names.map((name) => this.#encode(schema, name, set[name]))
    return { statement, values: [...columns, ...key, ...versionOf(ifVersion)] }
  }

  delete(target: Target): Execution {
    const { schema, key, ifVersion } = target
    const shape = `${schema.name} ${ifVersion === undefined ? '' : 'version'}`
    const statement = this.#cache.get(`delete ${shape}`, () => {
      const slot = createSlots()
      let query = this.#builder.deleteFrom(schema.name)
      for (const name of schema.key) query = query.where(name, '=', slot())
      return ifVersion === undefined ? query : query.where('version', '=', slot())
    })
    return { statement, values: [...key, ...versionOf(ifVersion)] }
  }

  deleteMatching(match: Match): Execution {
    const statement = this.#cache.get(`delete where ${matchKey(match)}`, () =>
      this.#builder
        .deleteFrom(match.schema.name)
        .where((eb) => equalsAll(eb, match, createSlots())),
    )
    const values = match.equals
      .filter(([, value]) => value !== null)
      .map(([name, value]) => this.#encode(match.schema, name, value))
    return { statement, values }
  }

  #encode(schema: CollectionSchema, name: string, value: unknown): SqlValue {
    return encodeValue(this.#types, schema.columns.get(name)!.type, value)
  }
}

function versionOf(ifVersion: number | undefined): readonly number[] {
  return ifVersion === undefined ? [] : [ifVersion]
}
