import type { Builtin } from './types.ts'

export type { Builtin, BuiltinCall, BuiltinContext, BuiltinType, FetchHook } from './types.ts'
export { BuiltinError } from './types.ts'

/** Every built-in by its name. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map()
