export { RegoError, renderErrors } from './errors.ts'
export type { Location, RegoErrorCode, RegoErrorItem } from './errors.ts'
export { compile, Policy } from './policy.ts'
export type { Bindings, Prepared, RuleEntry } from './policy.ts'
export type { Dependencies } from './evaluator.ts'
export type { Capabilities, CompileOptions, EvaluateOptions, QueryOptions } from './options.ts'
export { format } from './tools/format.ts'
export { runTests } from './tools/test-runner.ts'
export type { TestOptions, TestReport, TestResult } from './tools/test-runner.ts'
export type { CoverageReport, FileCoverage } from './tools/coverage.ts'
export type { Builtin, BuiltinContext, BuiltinType } from './builtins/index.ts'
export { BuiltinError } from './builtins/index.ts'
export { compilePattern } from './builtins/regex/pattern.ts'
export type { CompiledPattern } from './builtins/regex/pattern.ts'
export {
  compare,
  equals,
  parseJson,
  RBig,
  RObj,
  RSet,
  stringifyJson,
  toJson,
  toTermText,
} from './values/index.ts'
export type { Value } from './values/index.ts'
