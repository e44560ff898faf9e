import type { Interval, Point, Random } from '../../core/index.ts'
import type { Outliers } from '../../statistics/index.ts'
import { fitThroughOrigin, labelOutliers, quantileOfSorted } from '../../statistics/index.ts'
import type { MicroCaseRaw, MicroRun } from './raw.ts'

/** What one iteration of a case takes. */
export interface Estimate {
  readonly name: string
  readonly ns: number
  readonly interval: Interval
  /** Every resample, in the order they were drawn: differences between cases are made of them. */
  readonly resamples: Float64Array
  /** Slope of each process. */
  readonly slopes: readonly number[]
  readonly rSquared: number
  readonly outliers: Outliers
  readonly points: number
}

const RESAMPLES = 10_000
const CONFIDENCE = 0.95

const pointsOf = ({ iterations, nanoseconds }: MicroRun): readonly Point[] =>
  iterations.map((count, at): Point => [count, nanoseconds[at] ?? Number.NaN])

/**
 * The slope of time over iterations, through the origin, in each process; their mean. What a call costs
 * beyond its iterations does not enter a slope's comparison, and processes differ more than points do
 * (Kalibera and Jones 2013), so both are drawn again in 10,000 resamples.
 */
export function estimateCase({ name, runs }: MicroCaseRaw, random: Random): Estimate {
  const lines = runs.map((run) => fitThroughOrigin(pointsOf(run)))
  const resamples = resampleSlopes(runs, random)
  const sorted = Float64Array.from(resamples).sort()
  const perIteration = runs.flatMap(({ iterations, nanoseconds }) =>
    nanoseconds.map((ns, at) => ns / (iterations[at] ?? Number.NaN)),
  )
  const slopes = lines.map(({ slope }) => slope)
  return {
    name,
    ns: meanOf(slopes),
    interval: {
      low: quantileOfSorted(sorted, (1 - CONFIDENCE) / 2),
      high: quantileOfSorted(sorted, (1 + CONFIDENCE) / 2),
      confidence: CONFIDENCE,
    },
    resamples,
    slopes,
    rSquared: Math.min(...lines.map(({ rSquared }) => rSquared)),
    outliers: labelOutliers(perIteration),
    points: perIteration.length,
  }
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function resampleSlopes(runs: readonly MicroRun[], random: Random): Float64Array {
  const products = runs.map(({ iterations, nanoseconds }) => ({
    xy: Float64Array.from(iterations, (count, at) => count * (nanoseconds[at] ?? Number.NaN)),
    xx: Float64Array.from(iterations, (count) => count * count),
  }))
  return Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let drawn = 0; drawn < products.length; drawn += 1) {
      const { xy, xx } = products[random.below(products.length)]!
      let above = 0
      let below = 0
      for (let point = 0; point < xy.length; point += 1) {
        const at = random.below(xy.length)
        above += xy[at]!
        below += xx[at]!
      }
      sum += above / below
    }
    return sum / products.length
  })
}

/** What a case takes more than the one it builds on. */
export function differenceOf(
  estimate: Estimate,
  base: Estimate,
): { readonly ns: number; readonly interval: Interval } {
  const differences = estimate.resamples.map((value, at) => value - base.resamples[at]!).sort()
  return {
    ns: estimate.ns - base.ns,
    interval: {
      low: quantileOfSorted(differences, (1 - CONFIDENCE) / 2),
      high: quantileOfSorted(differences, (1 + CONFIDENCE) / 2),
      confidence: CONFIDENCE,
    },
  }
}
