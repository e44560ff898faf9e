import type { SchemaPath } from './schema-paths.ts'
import { walkSchema } from './schema-paths.ts'
import type { JsonSchema, SchemaProblem } from './spec.ts'

/** Follows a `$ref` from within a schema. */
export type FollowReference = (root: JsonSchema, reference: string) => JsonSchema | undefined

/** A schema, and the root that its references are relative to. */
interface Place {
  readonly node: JsonSchema
  readonly root: JsonSchema
}

/** Keywords whose subschemas apply to the same value as the schema that they are in (core §10.2). */
const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas']

/**
 * References that lead back to themselves without descending into the value: validating with them would never end (core
 * §9.4.1). Recursive references that do descend, such as those of a tree, are fine.
 */
export function findEndless(schema: JsonSchema, follow: FollowReference): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  for (const { path, keyword, value, holder } of walkSchema(schema)) {
    // What `#` means within a schema that has its own `$id` is left to the compiler.
    if (keyword === '$id') return []
    if (keyword !== '$ref' || typeof value !== 'string' || isName(path)) continue
    const target = targetOf({ node: schema, root: schema }, value, follow)
    if (target === undefined || !reaches(target, holder, follow)) continue
    problems.push({ path, message: `${value} leads back here: checking a value would never end` })
  }
  return problems
}

const isName = (path: SchemaPath): boolean => path.at(-2) === 'properties'

/** Whether validating a value with one schema validates the same value with another. */
function reaches(from: Place, wanted: object, follow: FollowReference): boolean {
  const seen = new Set<object>()
  const waiting = [from]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (place.node === wanted) return true
    if (seen.has(place.node)) continue
    seen.add(place.node)
    waiting.push(...appliedBeside(place, follow))
  }
  return false
}

/** The schemas that apply to the same value. */
function appliedBeside(place: Place, follow: FollowReference): Place[] {
  const { node, root } = place
  const nested = IN_PLACE.flatMap((keyword) => schemasIn(node[keyword], keyword))
  const reference = node['$ref']
  const target = typeof reference === 'string' ? targetOf(place, reference, follow) : undefined
  const within = nested.map((each) => ({ node: each, root }))
  return target === undefined ? within : [...within, target]
}

const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'dependentSchemas'])

function schemasIn(value: unknown, keyword: string): JsonSchema[] {
  if (typeof value !== 'object' || value === null) return []
  const all: unknown[] = SCHEMA_LISTS.has(keyword) ? Object.values(value) : [value]
  return all.filter((each): each is JsonSchema => typeof each === 'object' && each !== null)
}

/** The target of a reference by name or pointer; references to anchors are left to the compiler. */
function targetOf({ root }: Place, reference: string, follow: FollowReference): Place | undefined {
  const [name = '', pointer = ''] = reference.split('#')
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  const node = follow(root, reference)
  const ownRoot = name === '' ? root : follow(root, name)
  return node === undefined || ownRoot === undefined ? undefined : { node, root: ownRoot }
}
