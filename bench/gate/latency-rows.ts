import type { Random } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import type { Arm } from './arms.ts'
import type { AuditCounts } from './messages.ts'
import type { Latencies } from './open-loop.ts'
import { pooledDifference } from './pooled.ts'
import type { Estimate } from './statistics.ts'
import { estimate, median, quantile } from './statistics.ts'

/** A slice is disturbed if the generator missed more than this share of it. */
const MISSED_MAX = 0.2
/** It is also disturbed if the server waited for other work for more than this share of the time. */
const WAITED_MAX = 0.01
/** If records were dropped in more than this share of the blocks, leaving those out may remove the tail in question. */
const DROPPING_SHARE_MAX = 0.05
/** If fewer than this share of the blocks are left, they say little: all are shown, and nothing is judged. */
const KEPT_SHARE_MIN = 0.5

/** The latency that an arm adds to the bare server, and the times of both. */
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
  /** Blocks left out: a side has no slice left that was not disturbed. */
  readonly left: number
  /** Records of the audit log in all slices of the arm. */
  readonly records: AuditCounts
  /** Blocks left out: records were dropped in them, so that the gate did less than it promises. */
  readonly dropping: number
  /** Whether that happened so often that nothing can be judged. */
  readonly dropsOften: boolean
  /** Whether so many were left out that nothing can be judged. */
  readonly isSpoilt: boolean
}

/** Quantiles over all requests of the blocks that are kept. */
export interface Times {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Share of the planned requests that the generator missed. */
  readonly missed: number
}

const isDisturbed = ({ missed, waited }: Latencies): boolean =>
  missed > MISSED_MAX || waited > WAITED_MAX

const hasDropped = ({ base, arm }: Block<Latencies>): boolean =>
  [...base, ...arm].some(({ dropped }) => dropped > 0)

const calmSlices = ({ base, arm }: Block<Latencies>): Block<Latencies> => ({
  base: base.filter((slice) => !isDisturbed(slice)),
  arm: arm.filter((slice) => !isDisturbed(slice)),
})

/** Computes the row of an arm from its blocks. */
export function latencyRowOf(
  arm: Arm,
  all: readonly Block<Latencies>[],
  random: Random,
): LatencyRow {
  const recorded = all.filter((block) => !hasDropped(block))
  const dropping = all.length - recorded.length
  const calm = recorded.map(calmSlices).filter(({ base, arm }) => base.length > 0 && arm.length > 0)
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
    left: recorded.length - calm.length,
    records: recordsOf(all.flatMap((block) => block.arm)),
    dropping,
    dropsOften: dropping > all.length * DROPPING_SHARE_MAX,
    isSpoilt,
  }
}

const responseOf = ({ response }: Latencies): Float64Array => response

const recordsOf = (slices: readonly Latencies[]): AuditCounts => ({
  written: slices.reduce((sum, { written }) => sum + written, 0),
  dropped: slices.reduce((sum, { dropped }) => sum + dropped, 0),
})

function timesOf(slices: readonly Latencies[]): Times {
  const sorted = Float64Array.from(slices.flatMap(({ response }) => [...response])).sort()
  const missed = slices.reduce((sum, slice) => sum + slice.missed, 0) / slices.length
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), missed }
}
