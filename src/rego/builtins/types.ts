import type { Value } from '../values/index.ts'

/** The types of arguments and results, rich enough for the type checker. */
export type BuiltinType = (
  | { readonly kind: 'any' | 'null' | 'boolean' | 'number' | 'string' }
  | { readonly kind: 'array'; readonly items: readonly BuiltinType[]; readonly rest?: BuiltinType }
  | {
      readonly kind: 'object'
      readonly properties: readonly { readonly key: Value; readonly value: BuiltinType }[]
      readonly rest?: { readonly key: BuiltinType; readonly value: BuiltinType }
    }
  | { readonly kind: 'set'; readonly of: BuiltinType }
  | { readonly kind: 'anyOf'; readonly of: readonly BuiltinType[] }
  | {
      readonly kind: 'function'
      readonly args: readonly BuiltinType[]
      readonly result: BuiltinType
    }
) & {
  /** The name of this argument or result in documentation. */
  readonly name?: string
}

export const ANY: BuiltinType = { kind: 'any' }
export const NULL: BuiltinType = { kind: 'null' }
export const BOOLEAN: BuiltinType = { kind: 'boolean' }
export const NUMBER: BuiltinType = { kind: 'number' }
export const STRING: BuiltinType = { kind: 'string' }

/** An array of any length whose items have one type. */
export function arrayOf(rest: BuiltinType): BuiltinType {
  return { kind: 'array', items: [], rest }
}

/** An array of a fixed length. */
export function tuple(...items: readonly BuiltinType[]): BuiltinType {
  return { kind: 'array', items }
}

export function setOf(of: BuiltinType): BuiltinType {
  return { kind: 'set', of }
}

/** An object whose keys are not known in advance. */
export function objectOf(key: BuiltinType, value: BuiltinType): BuiltinType {
  return { kind: 'object', properties: [], rest: { key, value } }
}

export function anyOf(...of: readonly BuiltinType[]): BuiltinType {
  return { kind: 'anyOf', of }
}

/** The same type under a name. */
export function named(name: string, type: BuiltinType): BuiltinType {
  return { ...type, name }
}

/** The answer of a host's HTTP client to `http.send`. */
export type FetchHook = (url: string, init: RequestInit) => Promise<Response>

/** What a built-in may use besides its arguments. */
export interface BuiltinContext {
  /** Nanoseconds since 1970. */
  nowNs(): bigint
  /** A random number, at least 0 and less than 1. */
  random(): number
  randomBytes(count: number): Uint8Array
  /** One per query; keeps `time.now_ns`, `rand.intn` and `uuid.rfc4122` constant within it. */
  readonly memo: Map<string, Value>
  /** What built-ins keep from query to query, by their own names; absent: nothing is kept. */
  readonly kept?: Map<string, unknown>
  /** What `opa.runtime` returns. */
  readonly runtime?: Value
  readonly env?: Readonly<Record<string, string>>
  /** Parses a policy to its syntax tree, for `rego.parse_module`. */
  parseModule?(name: string, source: string): Value
  /** Receives the output of `print` and the notes of `trace`. */
  print?(message: string): void
  trace?(message: string): void
  readonly signal?: AbortSignal
  /** Absent: `http.send` is not allowed. */
  fetch?: FetchHook
  /** Resolves with textual addresses. Absent: `net.lookup_ip_addr` is not allowed. */
  lookup?(hostname: string): Promise<readonly string[]>
}

/** What a built-in computes; `undefined` is Rego's undefined. */
export type BuiltinCall = (context: BuiltinContext, args: readonly Value[]) => Value | undefined

/** A built-in function. */
export interface Builtin {
  readonly name: string
  readonly args: readonly BuiltinType[]
  readonly result: BuiltinType
  readonly infix?: string
  /** Whether it takes any number of further arguments of the last type. */
  readonly variadic?: boolean
  readonly deprecated?: boolean
  readonly nondeterministic?: boolean
  /** Whether the result is an array of solutions, each of which is one result of the call. */
  readonly relation?: boolean
  /** Whether `call` always fails; the engine then awaits {@link callAsync} and evaluates again. */
  readonly async?: boolean
  readonly call: BuiltinCall
  callAsync?(context: BuiltinContext, args: readonly Value[]): Promise<Value | undefined>
}

/** Signals that a built-in failed. The engine makes it undefined unless errors are strict. */
export class BuiltinError extends Error {
  readonly code: 'eval_builtin_error' | 'eval_type_error'

  constructor(
    message: string,
    code: 'eval_builtin_error' | 'eval_type_error' = 'eval_builtin_error',
  ) {
    super(message)
    this.name = 'BuiltinError'
    this.code = code
  }
}
