import type { Random } from '../../src/core/random.ts'

/** An estimate with a 95 % interval. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The value below which a share `q` of the sorted values lies, interpolated. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** The median. */
export const median = (values: readonly number[]): number =>
  quantile(Float64Array.from(values).sort(), 0.5)

const RESAMPLES = 2000

/** The median of the blocks, with its bootstrap interval (percentile method, Efron 1979). */
export function estimate(blocks: readonly number[], random: Random): Estimate {
  const medians = Float64Array.from({ length: RESAMPLES }, () =>
    median(blocks.map(() => blocks[Math.floor(random.fraction() * blocks.length)]!)),
  ).sort()
  return { value: median(blocks), low: quantile(medians, 0.025), high: quantile(medians, 0.975) }
}

/** Slope of the Theil–Sen line through (x, y): the median of all slopes between two points. */
export function theilSenSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], at) =>
    points.slice(at + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)),
  )
  return median(slopes)
}

/** How an estimate compares with a bound. */
export type Verdict = 'PASS' | 'FAIL' | 'UNSURE'

/** PASS or FAIL if the whole interval lies on one side of the bound, UNSURE otherwise. */
export function verdictOf(
  { low, high }: Estimate,
  bound: number,
  wants: 'above' | 'below',
): Verdict {
  const [worst, best] = wants === 'above' ? [low, high] : [-high, -low]
  const line = wants === 'above' ? bound : -bound
  if (worst >= line) return 'PASS'
  return best < line ? 'FAIL' : 'UNSURE'
}
