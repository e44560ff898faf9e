import { mannKendall, theilSen } from './trend.ts'
import { mean } from './summary.ts'

const BATCH = 5

/**
 * How many values at the start to leave out, by MSER-5 (White 1997): the cut that minimizes the standard
 * error of the rest, in means of five. At most half can be cut; a minimum there means
 * that no steady state was reached.
 */
export function warmUpLength(values: ArrayLike<number>): number {
  const batches = Math.floor(values.length / BATCH)
  const means = Array.from({ length: batches }, (_, at) =>
    mean(Array.prototype.slice.call(values, at * BATCH, (at + 1) * BATCH) as number[]),
  )
  let best = 0
  let least = Infinity
  for (let cut = 0; cut <= batches / 2; cut += 1) {
    const kept = means.slice(cut)
    const center = mean(kept)
    const error = kept.reduce((sum, value) => sum + (value - center) ** 2, 0) / kept.length ** 2
    if (kept.length > 1 && error < least) {
      least = error
      best = cut
    }
  }
  return best * BATCH
}

/** Whether values are steady after the warm-up. */
export interface SteadyState {
  readonly steady: boolean
  /** Values to leave out at the start. */
  readonly warmUp: number
  /** Relative difference between the halves of the rest. */
  readonly drift: number
  readonly reason: string
}

const DRIFT_MAX = 0.03
const VALUES_MIN = 20

/**
 * Whether values settle: after {@link warmUpLength} the halves differ by less than 3 % and no trend
 * exceeds that. Do not leave anything out silently because of this; report that there is no
 * steady state.
 */
export function findSteadyState(values: readonly number[]): SteadyState {
  const warmUp = warmUpLength(values)
  const kept = values.slice(warmUp)
  if (kept.length < VALUES_MIN) {
    return { steady: false, warmUp, drift: Number.NaN, reason: `only ${kept.length} windows` }
  }
  const middle = Math.floor(kept.length / 2)
  const center = mean(kept)
  const drift = (mean(kept.slice(middle)) - mean(kept.slice(0, middle))) / center
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  if (Math.abs(drift) >= DRIFT_MAX) {
    return { steady: false, warmUp, drift, reason: `the halves differ by ${percent(drift)}` }
  }
  const { slope } = theilSen(kept.map((value, at) => [at, value]))
  const course = (slope * kept.length) / center
  if (mannKendall(kept).pTwoSided < 0.01 && Math.abs(course) >= DRIFT_MAX) {
    return { steady: false, warmUp, drift, reason: `a trend of ${percent(course)} over the run` }
  }
  return { steady: true, warmUp, drift, reason: 'steady' }
}
