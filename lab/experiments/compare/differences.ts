import type { Interval, Random } from '../../core/index.ts'
import {
  hodgesLehmann,
  holm,
  mannWhitney,
  median,
  medianInterval,
  signFlipTest,
} from '../../statistics/index.ts'
import { restlessness } from './level.ts'
import type { MetricName } from './metrics.ts'
import { BLOCKS_MIN, logOf, METRIC_NAMES } from './metrics.ts'
import type { CompareRun, PairRaw, SideRaw } from './raw.ts'

/** How a metric changed, relative to the baseline: 0.05 is 5 % worse. */
export interface Difference {
  readonly metric: MetricName
  readonly value: number
  readonly interval: Interval
  /** Probability that it is not worse. */
  readonly pWorse: number
  /** The same, corrected for the number of metrics. */
  readonly pAdjusted: number
  /** Half-width of the difference that is seen when there is none. */
  readonly floor: number
  readonly blocks: number
}

const CONFIDENCE = 0.95

type Raw = Omit<Difference, 'pAdjusted'>

/** Differences of one run, from pairs if both servers were there. */
export function differencesOf(
  run: CompareRun,
  stored: readonly SideRaw[],
  random: Random,
): readonly Difference[] {
  const found = METRIC_NAMES.flatMap((metric) => {
    const raw =
      run.pairs.length > 0
        ? pairedDifference(metric, run.pairs, random.fork(metric))
        : storedDifference(metric, run.blocks, stored)
    return raw === undefined ? [] : [raw]
  })
  const adjusted = holm(found.map(({ pWorse }) => pWorse))
  const withAdjusted = (raw: Raw, at: number): Difference => ({
    ...raw,
    pAdjusted: adjusted[at] ?? 1,
  })
  return found.map(withAdjusted)
}

function pairedDifference(
  metric: MetricName,
  pairs: readonly PairRaw[],
  random: Random,
): Raw | undefined {
  const ratios = (kind: PairRaw['kind']): readonly number[] =>
    pairs.flatMap((pair) => {
      const [base, other] = [logOf(metric, pair.base), logOf(metric, pair.other)]
      return pair.kind !== kind || base === undefined || other === undefined ? [] : [other - base]
    })
  const candidate = ratios('candidate')
  const same = ratios('baseline')
  if (Math.min(candidate.length, same.length) < BLOCKS_MIN) return undefined
  const { low, high, confidence } = medianInterval(candidate, CONFIDENCE)
  return {
    metric,
    value: Math.expm1(median(candidate)),
    interval: { low: Math.expm1(low), high: Math.expm1(high), confidence },
    pWorse: signFlipTest(candidate, random).pGreater,
    floor: widest(medianInterval(same, CONFIDENCE)),
    blocks: candidate.length,
  }
}

/** The even-numbered stored blocks against the odd-numbered ones: the difference that is seen when there is none. */
function storedDifference(
  metric: MetricName,
  blocks: readonly SideRaw[],
  stored: readonly SideRaw[],
): Raw | undefined {
  const logs = (sides: readonly SideRaw[]): readonly number[] =>
    sides.flatMap((side) => logOf(metric, side) ?? [])
  const [before, now] = [logs(stored), logs(blocks)]
  if (Math.min(before.length, now.length) < BLOCKS_MIN) return undefined
  const half = (parity: number): readonly number[] => before.filter((_, at) => at % 2 === parity)
  const { value, interval } = hodgesLehmann(before, now, CONFIDENCE)
  const wider = Math.max(restlessness(before), restlessness(now))
  return {
    metric,
    value: Math.expm1(value),
    interval: {
      low: Math.expm1(value - wider * (value - interval.low)),
      high: Math.expm1(value + wider * (interval.high - value)),
      confidence: CONFIDENCE,
    },
    pWorse: mannWhitney(before, now).pGreater,
    floor: widest(hodgesLehmann(half(0), half(1), CONFIDENCE).interval),
    blocks: now.length,
  }
}

const widest = ({ low, high }: Interval): number =>
  Math.max(Math.abs(Math.expm1(low)), Math.abs(Math.expm1(high)))

/** Whether it is certainly worse, by more than the budget and by more than the A/A floor. */
export const isRegression = (difference: Difference, budget: number): boolean =>
  difference.pAdjusted < 0.01 &&
  difference.interval.low > Math.max(budget, Math.min(difference.floor, 1))
