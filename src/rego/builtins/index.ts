import { AGGREGATES } from './aggregates.ts'
import { ARRAYS } from './arrays.ts'
import { PROVIDERS } from './aws.ts'
import { BITS } from './bits.ts'
import { CONVERSIONS } from './conversions.ts'
import { CRYPTO } from './crypto/index.ts'
import { ENCODINGS } from './encoding/index.ts'
import { GLOBS } from './glob/index.ts'
import { GRAPHQL } from './graphql/index.ts'
import { GRAPHS } from './graphs.ts'
import { ASYNC_HTTP, HTTP } from './http/index.ts'
import { JSON_DOCUMENTS } from './json/index.ts'
import { JSON_SCHEMAS } from './json-schema/index.ts'
import { TOKENS } from './jwt/index.ts'
import { ASYNC_NETWORKS, NETWORKS } from './net/index.ts'
import { NUMBERS } from './numbers.ts'
import { OBJECTS } from './objects.ts'
import { OPERATORS } from './operators.ts'
import { parseSignature } from './signature.ts'
import { ASYNC, DEPRECATED, INFIX, NONDETERMINISTIC, SIGNATURES } from './signatures.ts'
import { REGULAR_EXPRESSIONS } from './regex/index.ts'
import { RUNTIME } from './runtime.ts'
import { SEMVER } from './semver.ts'
import { SETS } from './sets.ts'
import { STRINGS } from './strings/index.ts'
import { TIMES } from './time/index.ts'
import { UNIT_PARSERS } from './units.ts'
import { UUIDS } from './uuid.ts'
import type { Builtin, BuiltinCall, BuiltinContext } from './types.ts'
import { BuiltinError } from './types.ts'
import type { Value } from '../values/index.ts'

export type { Builtin, BuiltinCall, BuiltinContext, BuiltinType, FetchHook } from './types.ts'
export { compilePattern } from './regex/index.ts'
export type { CompiledPattern } from './regex/index.ts'
export { BuiltinError } from './types.ts'

const CALLS: Readonly<Record<string, BuiltinCall>> = {
  ...OPERATORS,
  ...AGGREGATES,
  ...ARRAYS,
  ...BITS,
  ...CONVERSIONS,
  ...GRAPHS,
  ...NUMBERS,
  ...OBJECTS,
  ...SETS,
  ...STRINGS,
  ...UNIT_PARSERS,
  ...SEMVER,
  ...UUIDS,
  ...ENCODINGS,
  ...JSON_DOCUMENTS,
  ...TIMES,
  ...NETWORKS,
  ...REGULAR_EXPRESSIONS,
  ...GLOBS,
  ...CRYPTO,
  ...TOKENS,
  ...RUNTIME,
  ...GRAPHQL,
  ...JSON_SCHEMAS,
  ...PROVIDERS,
  ...HTTP,
}

const ASYNC_CALLS: Readonly<Record<string, NonNullable<Builtin['callAsync']>>> = {
  ...ASYNC_NETWORKS,
  ...ASYNC_HTTP,
}

/** Every built-in by its name. One that fails throws a {@link BuiltinError} whose message begins with its name. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  Object.keys(SIGNATURES).map((name) => [name, builtin(name)]),
)

function builtin(name: string): Builtin {
  const { args, result, variadic } = parseSignature(SIGNATURES[name]!)
  const infix = INFIX[name]
  const callAsync = ASYNC_CALLS[name]
  return {
    name,
    args,
    result,
    variadic,
    deprecated: DEPRECATED.has(name),
    nondeterministic: NONDETERMINISTIC.has(name),
    relation: name === 'walk',
    async: ASYNC.has(name),
    ...(infix === undefined ? {} : { infix }),
    call: guarded(name, CALLS[name]!),
    ...(callAsync === undefined ? {} : { callAsync: guardedAsync(name, callAsync) }),
  }
}

function guarded(name: string, call: BuiltinCall): BuiltinCall {
  return (context, args) => {
    try {
      return call(context, args)
    } catch (error) {
      throw namedError(name, error)
    }
  }
}

function guardedAsync(
  name: string,
  call: NonNullable<Builtin['callAsync']>,
): NonNullable<Builtin['callAsync']> {
  return async (context: BuiltinContext, args: readonly Value[]) => {
    try {
      return await call(context, args)
    } catch (error) {
      throw namedError(name, error)
    }
  }
}

/**
 * Failures of the computation carry the function's name; a TypeError stays unchanged, because it is a bug in the
 * engine.
 */
function namedError(name: string, error: unknown): unknown {
  if (error instanceof BuiltinError)
    return new BuiltinError(`${name}: ${error.message}`, error.code)
  const expected = error instanceof RangeError || error instanceof SyntaxError || hasCode(error)
  return expected ? new BuiltinError(`${name}: ${error.message}`) : error
}

function hasCode(error: unknown): error is Error {
  return error instanceof Error && 'code' in error
}
