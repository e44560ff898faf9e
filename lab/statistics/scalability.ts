import type { Interval, Point, Random } from '../core/index.ts'
import { quantile } from './summary.ts'

/** The Universal Scalability Law (Gunther 1993): X(N) = γN / (1 + α(N − 1) + βN(N − 1)). */
export interface UslParameters {
  /** Throughput of one instance. */
  readonly gamma: number
  /** Contention: the share of the work that waits for its turn. */
  readonly alpha: number
  /** Coherency: the cost of each pair. */
  readonly beta: number
}

/** A fitted law with its uncertainty. */
export interface UslFit extends UslParameters {
  readonly intervals: Readonly<Record<keyof UslParameters, Interval>>
  /** The size with the highest throughput, √((1 − α)/β); `null` if throughput only rises. */
  readonly peak: number | null
  /** `high` is `null` if some resamples have no peak at all. */
  readonly peakInterval: { readonly low: number | null; readonly high: number | null }
  readonly rSquared: number
  /** Laws fitted to resamples, which show the uncertainty. */
  readonly resamples: readonly UslParameters[]
}

/** The fewest distinct sizes; with fewer, three parameters leave nothing to check the fit by. */
const USL_SIZES_MIN = 4
const RESAMPLES = 500

/** Throughput that the law predicts for `n`. */
export const uslThroughput = ({ gamma, alpha, beta }: UslParameters, n: number): number =>
  (gamma * n) / (1 + alpha * (n - 1) + beta * n * (n - 1))

/**
 * Fits the law by nonlinear least squares with α, β ≥ 0; intervals by resampling the repeats of each
 * size.
 *
 * @param points - [N, throughput], several for each N.
 * @returns The reason, as text, if there are fewer than four sizes.
 */
export function fitUsl(
  points: readonly Point[],
  random: Random,
  confidence = 0.95,
): UslFit | string {
  const groups = [...Map.groupBy(points, ([n]) => n).values()]
  if (groups.length < USL_SIZES_MIN) {
    return `${groups.length} sizes cannot tell three parameters: at least ${USL_SIZES_MIN} are needed`
  }
  const fitted = fitParameters(points)
  const resampled = Array.from({ length: RESAMPLES }, () =>
    fitParameters(groups.flatMap((group) => group.map(() => group[random.below(group.length)]!))),
  )
  const tail = (1 - confidence) / 2
  const intervalOf = (name: keyof UslParameters): Interval => {
    const values = resampled.map((one) => one[name])
    return { low: quantile(values, tail), high: quantile(values, 1 - tail), confidence }
  }
  const peaks = resampled.map((one) => peakOf(one) ?? Infinity)
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return {
    ...fitted,
    intervals: { gamma: intervalOf('gamma'), alpha: intervalOf('alpha'), beta: intervalOf('beta') },
    peak: peakOf(fitted),
    peakInterval: {
      low: finite(quantile(peaks, tail)),
      high: finite(quantile(peaks, 1 - tail)),
    },
    rSquared: explained(points, fitted),
    resamples: resampled,
  }
}

/** The interval of the throughput expected for `n`, from the resamples of a fit. */
export function uslInterval({ resamples }: UslFit, n: number, confidence = 0.95): Interval {
  const values = resamples.map((one) => uslThroughput(one, n))
  const tail = (1 - confidence) / 2
  return { low: quantile(values, tail), high: quantile(values, 1 - tail), confidence }
}

function peakOf({ alpha, beta }: UslParameters): number | null {
  return beta > 1e-12 && alpha < 1 ? Math.sqrt((1 - alpha) / beta) : null
}

function explained(points: readonly Point[], fitted: UslParameters): number {
  const center = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const total = points.reduce((sum, [, y]) => sum + (y - center) ** 2, 0)
  return total === 0 ? 1 : 1 - squares(points, fitted) / total
}

const squares = (points: readonly Point[], parameters: UslParameters): number =>
  points.reduce((sum, [n, y]) => sum + (y - uslThroughput(parameters, n)) ** 2, 0)

/** Which of α and β may vary; the best of these fits is the best with both at least 0. */
const FREE = [
  { alpha: true, beta: true },
  { alpha: true, beta: false },
  { alpha: false, beta: true },
  { alpha: false, beta: false },
] as const

function fitParameters(points: readonly Point[]): UslParameters {
  const candidates = FREE.map((free) => descend(points, free)).filter(
    ({ alpha, beta, gamma }) => alpha >= 0 && beta >= 0 && gamma > 0,
  )
  let best = candidates.at(-1)!
  for (const candidate of candidates) {
    if (squares(points, candidate) < squares(points, best)) best = candidate
  }
  return best
}

const STEPS_MAX = 60

/** The Levenberg–Marquardt method in α and β; γ is linear and follows from them. */
function descend(points: readonly Point[], free: (typeof FREE)[number]): UslParameters {
  let current = withGamma(points, free.alpha ? 0.05 : 0, free.beta ? 0.001 : 0)
  let error = squares(points, current)
  let damping = 1e-3
  for (let step = 0; step < STEPS_MAX && damping < 1e12; step += 1) {
    const [stepAlpha, stepBeta] = stepFrom(points, current, free, damping)
    const next = withGamma(points, current.alpha + stepAlpha, current.beta + stepBeta)
    const nextError = squares(points, next)
    if (nextError < error) {
      const gain = (error - nextError) / (error + Number.MIN_VALUE)
      current = next
      error = nextError
      damping /= 10
      if (gain < 1e-12) break
    } else {
      damping *= 10
    }
  }
  return current
}

/** The γ that fits best for given α and β. */
function withGamma(points: readonly Point[], alpha: number, beta: number): UslParameters {
  let across = 0
  let square = 0
  for (const [n, y] of points) {
    const shape = uslThroughput({ gamma: 1, alpha, beta }, n)
    across += shape * y
    square += shape * shape
  }
  return { gamma: across / square, alpha, beta }
}

function stepFrom(
  points: readonly Point[],
  at: UslParameters,
  free: (typeof FREE)[number],
  damping: number,
): readonly [number, number] {
  let [aa, ab, bb, ar, br] = [0, 0, 0, 0, 0]
  const [deltaAlpha, deltaBeta] = [1e-7, 1e-9]
  const moreAlpha = withGamma(points, at.alpha + deltaAlpha, at.beta)
  const moreBeta = withGamma(points, at.alpha, at.beta + deltaBeta)
  for (const [n, y] of points) {
    const here = uslThroughput(at, n)
    const slopeA = free.alpha ? (uslThroughput(moreAlpha, n) - here) / deltaAlpha : 0
    const slopeB = free.beta ? (uslThroughput(moreBeta, n) - here) / deltaBeta : 0
    aa += slopeA * slopeA
    ab += slopeA * slopeB
    bb += slopeB * slopeB
    ar += slopeA * (y - here)
    br += slopeB * (y - here)
  }
  const [dampedA, dampedB] = [aa * (1 + damping), bb * (1 + damping)]
  if (!free.alpha || !free.beta) {
    return [free.alpha && aa > 0 ? ar / dampedA : 0, free.beta && bb > 0 ? br / dampedB : 0]
  }
  const determinant = dampedA * dampedB - ab * ab
  if (determinant === 0) return [0, 0]
  return [(dampedB * ar - ab * br) / determinant, (dampedA * br - ab * ar) / determinant]
}
