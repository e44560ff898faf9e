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

/** The numbers of rounds after which the data is looked at; each look may stop the run. */
export const LOOKS = [10, 14, 20, 28, 40] as const
/** The chance of a false alarm is divided equally among the looks. */
export const CONFIDENCE = 1 - 0.05 / LOOKS.length
const LEVEL = 1 - CONFIDENCE
/** With fewer blocks, a 95 % interval of a median does not exist. */
export const BLOCKS_NEEDED = 6

/**
 * The fewest blocks per arm with which a cost can be distinguished from chance, however large it is. If every
 * block has the same sign, the sign-flip test gives 2 in 2^blocks, and Holm multiplies that by the number of arms.
 */
export const blocksToTell = (tested: number): number =>
  Math.floor(Math.log2((2 * tested) / LEVEL)) + 1

/** What an arm costs relative to its reference, by one figure. */
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
  /** Smallest effect that a run like this finds four times out of five. */
  readonly detectable: number
  /** Whether it exceeds both chance and the A/A floor. */
  readonly distinguishable: boolean
}

/** Effects of all arms by one figure. */
export interface Effects {
  readonly all: readonly Effect[]
  /** The A/A floor: half-width of the difference that is seen when there is none; `undefined` without a duplicate. */
  readonly floor: number | undefined
}

/** A figure of a slice; in a good slice it is never 0. */
export type SliceFigure = (slice: Slice) => number
export const cpuPerRequest: SliceFigure = ({ cpuNs, requests }) => (cpuNs ?? Number.NaN) / requests
/** Time per request at saturation; its effect is positive if throughput is lost. */
export const timePerRequest: SliceFigure = ({ seconds, requests }) => seconds / requests

/** Mean logarithm over the slices of the arm, minus that of its reference. */
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

/** The effect of every arm, relative to its reference. */
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
