import type { Interval, Random } from '../../core/index.ts'
import {
  holm,
  median,
  medianInterval,
  signFlipTest,
  standardDeviation,
  studentQuantile,
} from '../../statistics/index.ts'
import { referenceOf } from './arm.ts'
import type { ArmName } from './arm.ts'
import type { Block, Slice } from './raw.ts'

/** Looks at the data before it is complete, each of which may stop the run. */
export const LOOKS = [10, 14, 20, 28, 40] as const
/** The chance of a false alarm is spent on the looks in equal parts. */
export const CONFIDENCE = 1 - 0.05 / LOOKS.length
const LEVEL = 1 - CONFIDENCE
/** Below this an interval of a median at 95 % does not exist. */
export const BLOCKS_NEEDED = 6

/**
 * Blocks of each arm below which no cost can be told from chance, however large it is: when every block has
 * the same sign, the sign-flip test gives 2 in 2^blocks, and Holm multiplies it by the number of arms.
 */
export const blocksToTell = (tested: number): number =>
  Math.floor(Math.log2((2 * tested) / LEVEL)) + 1

/** What an arm costs next to its reference, by one figure. */
export interface Effect {
  readonly arm: number
  readonly reference: number
  /** Relative: 0.05 is 5 % more. */
  readonly value: number
  readonly interval: Interval
  readonly pTwoSided: number
  readonly pGreater: number
  /** The same after correction for the number of arms. */
  readonly pAdjusted: number
  readonly blocks: number
  /** Smallest effect that a run like this finds in four of five cases. */
  readonly detectable: number
  /** Larger than chance and than the A/A floor. */
  readonly distinguishable: boolean
}

/** Effects of all arms by one figure. */
export interface Effects {
  readonly all: readonly Effect[]
  /** Half-width of what a difference of nothing looks like; `undefined` without a duplicate. */
  readonly floor: number | undefined
}

/** A figure of a slice that is never 0 in a good one. */
export type SliceFigure = (slice: Slice) => number
export const cpuPerRequest: SliceFigure = ({ cpuNs, requests }) => (cpuNs ?? Number.NaN) / requests
/** Time per request at saturation: its effect is positive where throughput is lost. */
export const timePerRequest: SliceFigure = ({ seconds, requests }) => seconds / requests

/** Mean logarithm of the arm's slices less that of its reference. */
export function logRatio({ contender, slices }: Block, figure: SliceFigure): number {
  let own = 0
  let other = 0
  for (const slice of slices) {
    const log = Math.log(figure(slice))
    if (slice.arm === contender) own += log
    else other += log
  }
  return ((own - other) * 2) / slices.length
}

/** Every arm next to its reference. */
export function effectsOf(
  arms: readonly ArmName[],
  blocks: readonly Block[],
  figure: SliceFigure,
  random: Random,
): Effects {
  const found = arms.flatMap((arm, at) => {
    const reference = referenceOf(arms, arm)
    const ratios = blocks
      .filter(({ contender }) => contender === at)
      .map((block) => logRatio(block, figure))
      .filter(Number.isFinite)
    if (reference === undefined || ratios.length < BLOCKS_NEEDED) return []
    return [effectOf(at, reference, ratios, random.fork(arm.name))]
  })
  const duplicate = found.find(({ arm }) => arms[arm]?.role === 'duplicate')
  const floor =
    duplicate && Math.max(Math.abs(duplicate.interval.low), Math.abs(duplicate.interval.high))
  const tested = found.filter(({ arm }) => arms[arm]?.role !== 'duplicate')
  const adjusted = holm(tested.map(({ pTwoSided }) => pTwoSided))
  const withVerdict = (effect: (typeof found)[number]): Effect => {
    const pAdjusted = adjusted[tested.indexOf(effect)] ?? effect.pTwoSided
    const { low, high } = effect.interval
    const beyond = Math.abs(effect.value) > (floor ?? 0) && (low > 0 || high < 0)
    return { ...effect, pAdjusted, distinguishable: beyond && pAdjusted < LEVEL }
  }
  return { all: found.map(withVerdict), floor }
}

function effectOf(
  arm: number,
  reference: number,
  ratios: readonly number[],
  random: Random,
): Omit<Effect, 'distinguishable' | 'pAdjusted'> {
  const { low, high, confidence } = medianInterval(ratios, CONFIDENCE)
  const { pTwoSided, pGreater } = signFlipTest(ratios, random)
  const freedom = ratios.length - 1
  const error = standardDeviation(ratios) / Math.sqrt(ratios.length)
  const reach = studentQuantile(1 - LEVEL / 2, freedom) + studentQuantile(0.8, freedom)
  return {
    arm,
    reference,
    value: Math.expm1(median(ratios)),
    interval: { low: Math.expm1(low), high: Math.expm1(high), confidence },
    pTwoSided,
    pGreater,
    blocks: ratios.length,
    detectable: Math.expm1(reach * error),
  }
}
