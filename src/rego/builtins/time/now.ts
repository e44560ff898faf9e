import { fromBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import type { BuiltinContext } from '../types.ts'

const SECOND_NS = 1_000_000_000n

/** The time of the query, in whole seconds and nanoseconds: the same for the whole query. */
function queryClock(context: BuiltinContext): readonly [seconds: number, nanoseconds: number] {
  const known = context.memo.get('now')
  if (known !== undefined) return known as readonly [number, number]
  const now = context.nowNs()
  const clock = [Number(now / SECOND_NS), Number(now % SECOND_NS)] as const
  context.memo.set('now', clock)
  return clock
}

/** The time of the query in nanoseconds. */
export function queryTime(context: BuiltinContext): Value {
  const [seconds, nanoseconds] = queryClock(context)
  return fromBigInt(BigInt(seconds) * SECOND_NS + BigInt(nanoseconds))
}

/** The time of the query in seconds, to the precision of a double. */
export function querySeconds(context: BuiltinContext): number {
  const [seconds, nanoseconds] = queryClock(context)
  return seconds + nanoseconds / 1e9
}
