import type { Random } from '../../src/core/random.ts'
import type { Estimate } from './statistics.ts'
import { quantile } from './statistics.ts'

/** Values of all blocks, largest first, each with the block it comes from. */
interface Pool {
  readonly values: Float64Array
  readonly blocks: Uint16Array
  /** How many values each block has. */
  readonly sizes: readonly number[]
}

/** Values of both sides of a comparison in one block. */
export interface PairedValues {
  readonly base: readonly Float64Array[]
  readonly arm: readonly Float64Array[]
}

const RESAMPLES = 1000

function poolOf(blocks: readonly (readonly Float64Array[])[]): Pool {
  const tagged = blocks.flatMap((slices, block) =>
    slices.flatMap((slice) => Array.from(slice, (value) => ({ value, block }))),
  )
  tagged.sort((a, b) => b.value - a.value)
  return {
    values: Float64Array.from(tagged, ({ value }) => value),
    blocks: Uint16Array.from(tagged, ({ block }) => block),
    sizes: blocks.map((slices) => slices.reduce((sum, { length }) => sum + length, 0)),
  }
}

/** The value above which a share `1 − q` of all lies, if each block is counted as often as `times` says. */
function weightedQuantile({ values, blocks, sizes }: Pool, times: Uint16Array, q: number): number {
  const total = sizes.reduce((sum, size, block) => sum + size * times[block]!, 0)
  let above = (1 - q) * total
  for (let at = 0; at < values.length; at++) {
    above -= times[blocks[at]!]!
    if (above < 0) return values[at]!
  }
  return Number.NaN
}

/**
 * By how much a quantile of all values of an arm exceeds that of its base, with a bootstrap interval over
 * blocks (percentile method, Efron 1979), because blocks are independent and the values within one are not.
 */
export function pooledDifference(
  pairs: readonly PairedValues[],
  q: number,
  random: Random,
): Estimate {
  const base = poolOf(pairs.map((pair) => pair.base))
  const arm = poolOf(pairs.map((pair) => pair.arm))
  const difference = (times: Uint16Array): number =>
    weightedQuantile(arm, times, q) - weightedQuantile(base, times, q)
  const resamples = Float64Array.from({ length: RESAMPLES }, () => {
    const times = new Uint16Array(pairs.length)
    for (let draw = 0; draw < pairs.length; draw++) {
      times[Math.floor(random.fraction() * pairs.length)]! += 1
    }
    return difference(times)
  }).sort()
  const value = difference(new Uint16Array(pairs.length).fill(1))
  return { value, low: quantile(resamples, 0.025), high: quantile(resamples, 0.975) }
}
