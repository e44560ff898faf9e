import type { Random } from '../../src/core/random.ts'

/** The figures of two arms in one block of four slices. */
export interface Block<T> {
  readonly base: readonly T[]
  readonly arm: readonly T[]
}

/**
 * Measures an arm between two slices of its baseline, or the other way around: ABBA or BAAB, at
 * random, so that a machine that drifts steadily favors neither.
 */
export async function measureBlock<T>(
  base: () => Promise<T>,
  arm: () => Promise<T>,
  random: Random,
): Promise<Block<T>> {
  const [outer, inner] = random.fraction() < 0.5 ? [base, arm] : [arm, base]
  const first = await outer()
  const inside = [await inner(), await inner()]
  const outside = [first, await outer()]
  return outer === base ? { base: outside, arm: inside } : { base: inside, arm: outside }
}

/** The ratio of the arm to its baseline in a block, by geometric means. */
export function ratioOf<T>({ base, arm }: Block<T>, figure: (slice: T) => number): number {
  const meanLog = (slices: readonly T[]): number =>
    slices.reduce((sum, slice) => sum + Math.log(figure(slice)), 0) / slices.length
  return Math.exp(meanLog(arm) - meanLog(base))
}

/** The items in random order (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const order = [...items]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order
}
