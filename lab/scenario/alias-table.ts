import type { Random } from '../core/index.ts'

/** Draws an index in constant time, with a probability proportional to its weight. */
export interface AliasTable {
  draw(random: Random): number
}

/**
 * Builds the table (Vose's variant of Walker's alias method).
 *
 * @param weights - At least one, none negative, not all 0.
 */
export function createAliasTable(weights: readonly number[]): AliasTable {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (weights.some((weight) => !(weight >= 0)) || !(sum > 0) || !Number.isFinite(sum)) {
    throw new RangeError('weights must not be negative, and not all of them 0')
  }
  const count = weights.length
  const share = Float64Array.from(weights, (weight) => (weight / sum) * count)
  const alias = Uint32Array.from(weights, (_, at) => at)
  const small: number[] = []
  const large: number[] = []
  for (let at = 0; at < count; at += 1) (share[at]! < 1 ? small : large).push(at)
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!
    const rich = large.at(-1)!
    alias[poor] = rich
    share[rich] = share[rich]! - (1 - share[poor]!)
    if (share[rich] < 1) small.push(large.pop()!)
  }
  // Cells that rounding left over have probability 1.
  for (const at of [...small, ...large]) share[at] = 1
  return {
    draw: (random) => {
      const at = random.below(count)
      return random.next() < share[at]! ? at : alias[at]!
    },
  }
}
