import type { Random } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import type { Arm } from './arms.ts'
import type { Latencies } from './open-loop.ts'
import { pooledDifference } from './pooled.ts'
import type { Estimate } from './statistics.ts'
import { estimate, median, quantile } from './statistics.ts'

/** A slice is disturbed when the generator missed more than this share of it. */
const MISSED_MAX = 0.2
/** Or when the server waited for other work for more than this share of the time. */
const WAITED_MAX = 0.01
/** With fewer blocks left than this share, those that are left say little: all are shown, and nothing is judged. */
const KEPT_SHARE_MIN = 0.5

/** What an arm adds to the bare server, and the times of both. */
export interface LatencyRow {
  readonly arm: Arm
  /** Added to the quantile of all requests together. */
  readonly addedP50Ms: Estimate
  readonly addedP99Ms: Estimate
  /** Added to p99 of a slice, in the median of the blocks. */
  readonly typicalP99Ms: Estimate
  readonly base: Times
  readonly own: Times
  /** Slices of either side that other work disturbed and that are left out, of all there were. */
  readonly disturbed: { readonly base: number; readonly own: number; readonly slices: number }
  readonly blocks: number
  /** Blocks of which a side has nothing left. */
  readonly left: number
  /** Whether so many were left out that nothing can be judged. */
  readonly isSpoilt: boolean
}

/** Quantiles of all requests of the blocks that are kept. */
export interface Times {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Share of the planned requests that the generator missed. */
  readonly missed: number
}

const isDisturbed = ({ missed, waited }: Latencies): boolean =>
  missed > MISSED_MAX || waited > WAITED_MAX

const calmSlices = ({ base, arm }: Block<Latencies>): Block<Latencies> => ({
  base: base.filter((slice) => !isDisturbed(slice)),
  arm: arm.filter((slice) => !isDisturbed(slice)),
})

/** What the blocks of an arm say. */
export function latencyRowOf(
  arm: Arm,
  all: readonly Block<Latencies>[],
  random: Random,
): LatencyRow {
  const calm = all.map(calmSlices).filter(({ base, arm }) => base.length > 0 && arm.length > 0)
  const isSpoilt = calm.length < 2 || calm.length < all.length * KEPT_SHARE_MIN
  const blocks = isSpoilt ? all : calm
  const pairs = blocks.map((block) => ({
    base: block.base.map(responseOf),
    arm: block.arm.map(responseOf),
  }))
  const typical = (slices: readonly Latencies[]): number =>
    median(slices.map(({ response }) => quantile(response, 0.99)))
  const disturbed = (side: 'base' | 'arm'): number =>
    all.flatMap((block) => block[side]).filter(isDisturbed).length
  return {
    arm,
    addedP50Ms: pooledDifference(pairs, 0.5, random),
    addedP99Ms: pooledDifference(pairs, 0.99, random),
    typicalP99Ms: estimate(
      blocks.map((block) => typical(block.arm) - typical(block.base)),
      random,
    ),
    base: timesOf(blocks.flatMap(({ base }) => base)),
    own: timesOf(blocks.flatMap((block) => block.arm)),
    disturbed: { base: disturbed('base'), own: disturbed('arm'), slices: 2 * all.length },
    blocks: all.length,
    left: all.length - calm.length,
    isSpoilt,
  }
}

const responseOf = ({ response }: Latencies): Float64Array => response

function timesOf(slices: readonly Latencies[]): Times {
  const sorted = Float64Array.from(slices.flatMap(({ response }) => [...response])).sort()
  const missed = slices.reduce((sum, slice) => sum + slice.missed, 0) / slices.length
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), missed }
}
