import { parseJson } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BUILTINS } from '../index.ts'
import type { BuiltinContext } from '../index.ts'

/** 2026-11-21T05:00:00Z, the moment at which all tests take place. */
export const NOW_NS = 1_795_237_200_000_000_000n

/** A context in which nothing changes: the clock and randomness are fixed, and there is no network. */
export function stillContext(changes: Partial<BuiltinContext> = {}): BuiltinContext {
  return {
    nowNs: () => NOW_NS,
    random: () => 0.5,
    randomBytes: (count) => new Uint8Array(count).fill(0xab),
    memo: new Map(),
    ...changes,
  }
}

/** Calls a built-in with arguments given as JSON text or as values. */
export function call(
  name: string,
  args: string | readonly Value[],
  context = stillContext(),
): Value | undefined {
  const builtin = BUILTINS.get(name)
  if (builtin === undefined) throw new Error(`no built-in is named ${name}`)
  return builtin.call(
    context,
    typeof args === 'string' ? (parseJson(args) as readonly Value[]) : args,
  )
}
