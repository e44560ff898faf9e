import type { Builtin, BuiltinContext } from './builtins/index.ts'
import type { Value } from './values/index.ts'

/** What a policy is made of and how it is to run. */
export interface CompileOptions {
  /** Sources by file name; the names appear in errors. */
  readonly modules: Readonly<Record<string, string>>
  /** The base documents beneath `data`. Default: none. */
  readonly data?: Value
  /** Generated JavaScript, or closures where code must not be generated. Default: `source`. */
  readonly backend?: 'source' | 'closures'
  /** The language modules are written in unless they say otherwise. Default: 1. */
  readonly regoVersion?: 0 | 1
  /** Nanoseconds since 1970. Default: the platform's clock. */
  readonly clock?: () => bigint
  /** A random number, at least 0 and less than 1. Default: the platform's generator. */
  readonly random?: () => number
  readonly randomBytes?: (count: number) => Uint8Array
  /** Own functions, by name; they may replace the language's. */
  readonly builtins?: readonly Builtin[]
  readonly capabilities?: Capabilities
  /** Loop passes and calls one evaluation may take before it is stopped. Default: no limit. */
  readonly steps?: number
  /** Told of what `print` was given; without it, calls of `print` are left out. */
  readonly print?: (message: string) => void
  /** Whether to count which lines are evaluated. Default: no. */
  readonly coverage?: boolean
  /** What `opa.runtime` answers. */
  readonly runtime?: Value
  readonly env?: Readonly<Record<string, string>>
}

/** What policies may use. */
export interface Capabilities {
  /** The names of the built-ins allowed; default: all but those that reach out. */
  readonly builtins?: readonly string[]
  /** Lets `http.send` reach out, through the host's client. Only for asynchronous evaluation. */
  readonly fetch?: BuiltinContext['fetch']
  /** Lets `net.lookup_ip_addr` reach out. Only for asynchronous evaluation. */
  readonly lookup?: BuiltinContext['lookup']
}

/** How one evaluation is to run. */
export interface EvaluateOptions {
  /** Failing built-ins are errors, not undefined. Default: no. */
  readonly strictBuiltinErrors?: boolean
  /** Loop passes and calls this evaluation may take; default: what the policy was compiled with. */
  readonly steps?: number
  readonly signal?: AbortSignal
}

export interface QueryOptions extends EvaluateOptions {
  readonly input?: Value
  /** The input as a Rego term, which may hold sets and keys that are not strings. */
  readonly inputTerm?: string
}
