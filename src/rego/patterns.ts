/**
 * Regular expressions of ECMA-262 that no text makes backtrack, apart from the engine: an entry of its own,
 * so that what checks requests needs nothing of Rego.
 */
export { compileEcmaPattern } from './patterns/compile.ts'
export type { Matcher } from './patterns/compile.ts'
