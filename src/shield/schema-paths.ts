import { compileEcmaPattern } from '../rego/patterns.ts'
import type { JsonSchema, SchemaProblem } from './spec.ts'

/** The path of something within a schema. */
export type SchemaPath = readonly (string | number)[]

/** Keywords whose values are data, not schemas. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples'])

/** Something within a schema that has a name. */
interface Named {
  readonly path: SchemaPath
  readonly keyword: string
  readonly value: unknown
  /** The object or array that it is in. */
  readonly holder: object
}

/** Everything within a schema that has a name, with its path. */
export function* walkSchema(node: unknown, path: SchemaPath = []): Generator<Named> {
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    const at = [...path, Array.isArray(node) ? Number(key) : key]
    yield { path: at, keyword: key, value, holder: node }
    const isData = DATA_KEYWORDS.has(key) && path.at(-1) !== 'properties'
    if (!isData) yield* walkSchema(value, at)
  }
}

/** Patterns that cannot be run safely and references that leave the configuration, by path. */
export function findUnsafe(schema: JsonSchema): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  for (const { path, keyword, value } of walkSchema(schema)) {
    const isName = path.at(-2) === 'properties'
    if (keyword === 'pattern' && typeof value === 'string' && !isName) {
      reportPattern(value, path, problems)
    }
    if (keyword === 'patternProperties' && typeof value === 'object' && value !== null && !isName) {
      for (const source of Object.keys(value)) reportPattern(source, [...path, source], problems)
    }
    const isReference = keyword === '$ref' || keyword === '$dynamicRef'
    if (isReference && typeof value === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(value) && !isName) {
      problems.push({ path, message: `schemas are not fetched: ${value} must be in "schemas"` })
    }
  }
  return problems
}

function reportPattern(source: string, path: SchemaPath, problems: SchemaProblem[]): void {
  const compiled = compileEcmaPattern(source)
  if (!compiled.ok) problems.push({ path, message: compiled.message })
}

/** The place that a compiler error most likely refers to: the keyword or value that it quotes. */
export function locateQuoted(schema: JsonSchema, message: string): SchemaPath {
  const quoted = /"([^"]+)"/.exec(message)?.[1] ?? /reference (\S+)/.exec(message)?.[1]
  if (quoted === undefined) return []
  for (const { path, keyword, value } of walkSchema(schema)) {
    if (keyword === quoted || value === quoted) return path
  }
  return []
}
