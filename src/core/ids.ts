import type { Clock } from './clock.ts'
import type { Random } from './random.ts'
import { toBase62 } from './bytes.ts'

/**
 * Makes identifiers such as `ten_0Uo3Xq8wZ1kLmN4pR7sT9v`: a prefix that names the kind, 8 base62
 * digits of milliseconds (so that they sort by age), and 80 random bits.
 */
export type IdFactory = (prefix: string) => string

/** Creates an {@link IdFactory} on the given clock and randomness. */
export function createIdFactory(clock: Clock, random: Random): IdFactory {
  const timeBytes = new Uint8Array(8)
  const view = new DataView(timeBytes.buffer)
  return (prefix) => {
    view.setBigUint64(0, BigInt(Math.trunc(clock.nowMs())))
    return `${prefix}_${toBase62(timeBytes, 8)}${toBase62(random.bytes(10), 14)}`
  }
}
