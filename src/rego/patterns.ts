/**
 * Regular expressions of ECMA-262 that no text makes backtrack. They have their own entry point, so that code that
 * checks requests does not load the Rego engine.
 */
export { compileEcmaPattern } from './patterns/compile.ts'
export type { Matcher } from './patterns/compile.ts'
