import type { SchemaPath } from './schema-paths.ts'
import { walkSchema } from './schema-paths.ts'
import type { JsonSchema, SchemaProblem } from './spec.ts'

/** Follows a `$ref` from within a schema. */
export type FollowReference = (root: JsonSchema, reference: string) => JsonSchema | undefined

/** A schema within one that its references are relative to. */
interface Place {
  readonly node: JsonSchema
  readonly root: JsonSchema
}

/** Keywords whose schemas apply to the same value as the schema they stand in (core §10.2). */
const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas']

/**
 * References that lead back to where they stand without a step into the value: checking anything by them would
 * never end (core §9.4.1). References in circles that do take such a step, as those of a tree, are no problem.
 */
export function findEndless(schema: JsonSchema, follow: FollowReference): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  for (const { path, keyword, value, holder } of walkSchema(schema)) {
    // What `#` means within a schema of its own name is left to the compiler.
    if (keyword === '$id') return []
    if (keyword !== '$ref' || typeof value !== 'string' || isName(path)) continue
    const target = targetOf({ node: schema, root: schema }, value, follow)
    if (target === undefined || !reaches(target, holder, follow)) continue
    problems.push({ path, message: `${value} leads back here: checking a value would never end` })
  }
  return problems
}

const isName = (path: SchemaPath): boolean => path.at(-2) === 'properties'

/** Whether checking a value by one schema checks the same value by another. */
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

/** Where a reference by name or by pointer leads; references to anchors are left to the compiler. */
function targetOf({ root }: Place, reference: string, follow: FollowReference): Place | undefined {
  const [name = '', pointer = ''] = reference.split('#')
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  const node = follow(root, reference)
  const ownRoot = name === '' ? root : follow(root, name)
  return node === undefined || ownRoot === undefined ? undefined : { node, root: ownRoot }
}
