import type { Interval, Point, Random } from '../../core/index.ts'
import type { Outliers } from '../../statistics/index.ts'
import {
  expandedTail,
  fitThroughOrigin,
  labelOutliers,
  quantileOfSorted,
} from '../../statistics/index.ts'
import type { MicroCaseRaw, MicroRun } from './raw.ts'

/** What one iteration of a case takes. */
export interface Estimate {
  readonly name: string
  readonly ns: number
  readonly interval: Interval
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
 * Estimates the slope of time over iterations, through the origin, in each process, and their mean. Processes
 * differ more than points within one do (Kalibera and Jones 2013), so both are resampled, 10,000 times.
 */
export function estimateCase({ name, runs }: MicroCaseRaw, random: Random): Estimate {
  const lines = runs.map((run) => fitThroughOrigin(pointsOf(run)))
  const perIteration = runs.flatMap(({ iterations, nanoseconds }) =>
    nanoseconds.map((ns, at) => ns / (iterations[at] ?? Number.NaN)),
  )
  const slopes = lines.map(({ slope }) => slope)
  return {
    name,
    ns: meanOf(slopes),
    interval: intervalOf(resampleSlopes(runs, random).sort(), runs.length),
    slopes,
    rSquared: Math.min(...lines.map(({ rSquared }) => rSquared)),
    outliers: labelOutliers(perIteration),
    points: perIteration.length,
  }
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Products whose sums are the numerator and the denominator of a slope through the origin. */
interface Products {
  readonly xy: Float64Array
  readonly xx: Float64Array
}

const productsOf = (runs: readonly MicroRun[]): readonly Products[] =>
  runs.map(({ iterations, nanoseconds }) => ({
    xy: Float64Array.from(iterations, (count, at) => count * (nanoseconds[at] ?? Number.NaN)),
    xx: Float64Array.from(iterations, (count) => count * count),
  }))

/** The slope of resampled points. */
function drawSlope({ xy, xx }: Products, random: Random): number {
  let above = 0
  let below = 0
  for (let point = 0; point < xy.length; point += 1) {
    const at = random.below(xy.length)
    above += xy[at]!
    below += xx[at]!
  }
  return above / below
}

function resampleSlopes(runs: readonly MicroRun[], random: Random): Float64Array {
  const products = productsOf(runs)
  return Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let drawn = 0; drawn < products.length; drawn += 1) {
      sum += drawSlope(products[random.below(products.length)]!, random)
    }
    return sum / products.length
  })
}

/** @param processes - How many processes or rounds were resampled; few of them make a wide interval. */
function intervalOf(sorted: Float64Array, processes: number): Interval {
  const tail = processes < 2 ? 0 : expandedTail(processes, CONFIDENCE)
  return {
    low: quantileOfSorted(sorted, tail),
    high: quantileOfSorted(sorted, 1 - tail),
    confidence: CONFIDENCE,
  }
}

/** How much more time a case takes than the one it builds on. */
export interface Difference {
  readonly name: string
  readonly against: string
  readonly ns: number
  readonly interval: Interval
  /** Rounds in which both were timed. */
  readonly rounds: number
}

/** The default name of a difference. */
export const nameOfDifference = (name: string, against: string): string => `${name} − ${against}`

/**
 * How much more time a case takes than the one it builds on, round by round. In each round both had a process
 * of their own, one soon after the other, so that disturbances of the machine met both. Rounds are resampled
 * in pairs, and so are the points of both processes within them.
 */
export function differenceOf(own: MicroCaseRaw, base: MicroCaseRaw, random: Random): Difference {
  const rounds = Math.min(own.runs.length, base.runs.length)
  const slopes = (runs: readonly MicroRun[]): readonly number[] =>
    runs.slice(0, rounds).map((run) => fitThroughOrigin(pointsOf(run)).slope)
  const [ownSlopes, baseSlopes] = [slopes(own.runs), slopes(base.runs)]
  const [ownProducts, baseProducts] = [productsOf(own.runs), productsOf(base.runs)]
  const resamples = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let drawn = 0; drawn < rounds; drawn += 1) {
      const round = random.below(rounds)
      sum += drawSlope(ownProducts[round]!, random) - drawSlope(baseProducts[round]!, random)
    }
    return sum / rounds
  }).sort()
  return {
    name: own.differenceName ?? nameOfDifference(own.name, base.name),
    against: base.name,
    ns: meanOf(ownSlopes.map((slope, at) => slope - baseSlopes[at]!)),
    interval: intervalOf(resamples, rounds),
    rounds,
  }
}
