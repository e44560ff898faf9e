import { fromBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import type { BuiltinContext } from '../types.ts'

/** The time of the query in nanoseconds: the same for the whole query. */
export function queryTime(context: BuiltinContext): Value {
  const known = context.memo.get('time.now_ns')
  if (known !== undefined) return known
  const value = fromBigInt(context.nowNs())
  context.memo.set('time.now_ns', value)
  return value
}
