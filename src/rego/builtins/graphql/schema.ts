import type {
  Definition,
  DirectiveDefinition,
  FieldDefinition,
  Positions,
  SchemaDefinition,
  SchemaDocument,
  TypeNode,
} from './ast.ts'
import { schemaError } from './errors.ts'
import { parseSchemaDocument } from './parse-schema.ts'
import { PRELUDE } from './prelude.ts'
import type { Schema } from './schema-type.ts'
import { checkDefinition, checkDirectives, checkDirectiveDefinition } from './schema-rules.ts'

/** Directives that a schema may redefine: the specification's own. */
const REDEFINABLE: ReadonlySet<string> = new Set([
  'include',
  'skip',
  'deprecated',
  'specifiedBy',
  'defer',
  'oneOf',
])
const ROOTS: Readonly<Record<string, string>> = {
  Query: 'query',
  Mutation: 'mutation',
  Subscription: 'subscription',
}

const named = (name: string, NonNull: boolean): TypeNode => ({ NamedType: name, NonNull })

/** Fields that every query has (GraphQL specification, section 4.1). */
const INTROSPECTION: readonly FieldDefinition[] = [
  { Name: '__schema', Description: '', Type: named('__Schema', true) },
  {
    Name: '__type',
    Description: '',
    Type: named('__Type', false),
    Arguments: [{ Name: 'name', Description: '', Type: named('String', true) }],
  },
]

/**
 * Combines a schema with the prelude, and checks that it is valid (GraphQL specification, section 3).
 * @throws BuiltinError that names the first fault.
 */
export function buildSchema(document: SchemaDocument, positions: Positions): Schema {
  const prelude = parseSchemaDocument(PRELUDE, new WeakMap())
  const builtIn: Definition[] = []
  for (const definition of prelude.Definitions ?? []) builtIn.push({ ...definition, BuiltIn: true })
  const types = collectTypes([...builtIn, ...(document.Definitions ?? [])], document, positions)
  const directives = collectDirectives(
    [...(prelude.Directives ?? []), ...(document.Directives ?? [])],
    positions,
  )
  const roots = new Map<string, Definition>()
  const schema: Schema = {
    types,
    directives,
    possibleTypes: collectPossible(types),
    roots,
    positions,
  }
  applyRoots(schema, roots, document)
  for (const name of Array.from(types.keys()).sort()) checkDefinition(schema, types.get(name)!)
  for (const name of Array.from(directives.keys()).sort())
    checkDirectiveDefinition(schema, directives.get(name)!)
  if (document.Schema === undefined) inferRoots(schema, roots)
  addIntrospection(types, roots)
  return schema
}

function collectTypes(
  definitions: readonly Definition[],
  document: SchemaDocument,
  positions: Positions,
): Map<string, Definition> {
  const types = new Map<string, Definition>()
  for (const definition of definitions) {
    if (types.has(definition.Name)) {
      throw schemaError({
        message: `Cannot redeclare type ${definition.Name}.`,
        position: positions.get(definition),
      })
    }
    types.set(definition.Name, definition)
  }
  for (const extension of document.Extensions ?? []) {
    const base = types.get(extension.Name)
    types.set(extension.Name, base === undefined ? extension : extended(base, extension, positions))
  }
  return types
}

function extended(base: Definition, extension: Definition, positions: Positions): Definition {
  if (base.Kind !== extension.Kind) {
    const message = `Cannot extend type ${extension.Name} because the base type is a ${base.Kind}, not ${extension.Kind}.`
    throw schemaError({ message, position: positions.get(extension) })
  }
  const merged: Definition = {
    ...base,
    Directives: [...(base.Directives ?? []), ...(extension.Directives ?? [])],
    Interfaces: [...(base.Interfaces ?? []), ...(extension.Interfaces ?? [])],
    Fields: [...(base.Fields ?? []), ...(extension.Fields ?? [])],
    Types: [...(base.Types ?? []), ...(extension.Types ?? [])],
    EnumValues: [...(base.EnumValues ?? []), ...(extension.EnumValues ?? [])],
  }
  const position = positions.get(base)
  if (position !== undefined) positions.set(merged, position)
  return merged
}

function collectDirectives(
  definitions: readonly DirectiveDefinition[],
  positions: Positions,
): Map<string, DirectiveDefinition> {
  const directives = new Map<string, DirectiveDefinition>()
  for (const definition of definitions) {
    if (directives.has(definition.Name) && !REDEFINABLE.has(definition.Name)) {
      throw schemaError({
        message: `Cannot redeclare directive ${definition.Name}.`,
        position: positions.get(definition),
      })
    }
    directives.set(definition.Name, definition)
  }
  return directives
}

function collectPossible(types: ReadonlyMap<string, Definition>): Map<string, Definition[]> {
  const possible = new Map<string, Definition[]>()
  const add = (name: string, definition: Definition): void => {
    possible.set(name, [...(possible.get(name) ?? []), definition])
  }
  for (const definition of types.values()) {
    for (const member of definition.Types ?? []) {
      const type = types.get(member)
      if (type !== undefined) add(definition.Name, type)
    }
    for (const implemented of definition.Interfaces ?? []) add(implemented, definition)
    if (definition.Kind === 'OBJECT' || definition.Kind === 'INPUT_OBJECT')
      add(definition.Name, definition)
  }
  return possible
}

function applyRoots(
  schema: Schema,
  roots: Map<string, Definition>,
  document: SchemaDocument,
): void {
  const second = document.Schema?.[1]
  if (second !== undefined) {
    const message = 'Cannot have multiple schema entry points, consider schema extensions instead.'
    throw schemaError({ message, position: schema.positions.get(second) })
  }
  for (const definition of [...(document.Schema ?? []), ...(document.SchemaExtension ?? [])]) {
    applyOperationTypes(schema, roots, definition)
    checkDirectives(schema, definition.Directives ?? [], 'SCHEMA', undefined, true)
  }
}

function applyOperationTypes(
  schema: Schema,
  roots: Map<string, Definition>,
  definition: SchemaDefinition,
): void {
  for (const entry of definition.OperationTypes ?? []) {
    const type = schema.types.get(entry.Type)
    if (type === undefined) {
      const message = `Schema root ${entry.Operation} refers to a type ${entry.Type} that does not exist.`
      throw schemaError({ message, position: schema.positions.get(entry) })
    }
    roots.set(entry.Operation, type)
  }
}

function inferRoots(schema: Schema, roots: Map<string, Definition>): void {
  for (const [name, operation] of Object.entries(ROOTS)) {
    const type = schema.types.get(name)
    if (type !== undefined && !roots.has(operation)) roots.set(operation, type)
  }
}

function addIntrospection(types: Map<string, Definition>, roots: Map<string, Definition>): void {
  const query = roots.get('query')
  if (query === undefined) return
  const complete = { ...query, Fields: [...(query.Fields ?? []), ...INTROSPECTION] }
  for (const [operation, type] of roots) if (type === query) roots.set(operation, complete)
  types.set(query.Name, complete)
}
