import type { Block } from './abba.ts'
import type { Slice } from './slice.ts'

/** A slice of 1,000 requests at 10 µs each, unless overridden. */
export function makeSlice({
  ns = 10_000_000,
  ...rest
}: Partial<Slice> & { readonly ns?: number } = {}): Slice {
  const main = { ns, waitedNs: 0, userTicks: 1, systemTicks: 1 }
  const cpu = new Map([['main', main]])
  return { requests: 1000, seconds: 0.01, cpu, drainNs: 0, written: 0, dropped: 0, ...rest }
}

/** A block of two slices of the base and two of the arm. */
export const makeBlock = (arm: Slice, base: Slice = makeSlice()): Block<Slice> => ({
  base: [base, base],
  arm: [arm, arm],
})
