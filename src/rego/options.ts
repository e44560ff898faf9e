import type { Builtin, BuiltinContext } from './builtins/index.ts'
import type { Value } from './values/index.ts'

/** What a policy is made of, and how it runs. */
export interface CompileOptions {
  /** Source text by file name; the names appear in errors. */
  readonly modules: Readonly<Record<string, string>>
  /** The base documents beneath `data`. Default: none. */
  readonly data?: Value
  /** Generated JavaScript, or closures if code must not be generated. Default: `source`. */
  readonly backend?: 'source' | 'closures'
  /** The language version of modules that do not state one. Default: 1. */
  readonly regoVersion?: 0 | 1
  /** Nanoseconds since 1970. Default: the platform's clock. */
  readonly clock?: () => bigint
  /** A random number, at least 0 and less than 1. Default: the platform's generator. */
  readonly random?: () => number
  readonly randomBytes?: (count: number) => Uint8Array
  /** The host's own functions; they may replace the language's. */
  readonly builtins?: readonly Builtin[]
  readonly capabilities?: Capabilities
  /** How many loop iterations and calls one evaluation may take before it is stopped. Default: no limit. */
  readonly steps?: number
  /** Receives the output of `print`; without it, calls of `print` are left out. */
  readonly print?: (message: string) => void
  /** Whether to count how often each line is evaluated. Default: no. */
  readonly coverage?: boolean
  /** What `opa.runtime` returns. */
  readonly runtime?: Value
  readonly env?: Readonly<Record<string, string>>
}

/** What policies may use. */
export interface Capabilities {
  /** The names of the allowed built-ins; default: all except those that use the network. */
  readonly builtins?: readonly string[]
  /** Allows `http.send`, through the host's client. Only for asynchronous evaluation. */
  readonly fetch?: BuiltinContext['fetch']
  /** Allows `net.lookup_ip_addr`. Only for asynchronous evaluation. */
  readonly lookup?: BuiltinContext['lookup']
}

/** Options of one evaluation. */
export interface EvaluateOptions {
  /** Whether a failing built-in is an error instead of undefined. Default: no. */
  readonly strictBuiltinErrors?: boolean
  /** How many loop iterations and calls this evaluation may take; default: as the policy was compiled. */
  readonly steps?: number
  readonly signal?: AbortSignal
}

export interface QueryOptions extends EvaluateOptions {
  readonly input?: Value
  /** The input as a Rego term, which may hold sets and keys that are not strings. */
  readonly inputTerm?: string
}
