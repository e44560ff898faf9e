import type { Random } from '../../core/index.ts'
import type { Profile } from './profile.ts'

/** How requests arrive around their rate. */
export type ArrivalKind =
  /** Independent of each other, like those of many people. */
  | 'poisson'
  /** Evenly, each a fixed time after the last. */
  | 'constant'

/** Planned moments in milliseconds from the start, in order; Infinity after the last. */
export type Arrivals = () => number

/**
 * The moments at which requests are due: the inverse of the profile's cumulative rate, taken at
 * 0.5, 1.5, … (constant) or at the points of a Poisson process of rate 1.
 *
 * The plan does not depend on how many workers share it: worker `index` of `count` takes every
 * `count`-th moment of the plan that the seed determines.
 */
export function createArrivals(
  profile: Profile,
  kind: ArrivalKind,
  random: Random,
  share: { readonly index: number; readonly count: number } = { index: 0, count: 1 },
): Arrivals {
  const invert = createInverse(profile)
  let point = kind === 'constant' ? -0.5 : 0
  const next = (): number => {
    point += kind === 'constant' ? 1 : random.exponential()
    return invert(point)
  }
  for (let skipped = 0; skipped < share.index; skipped += 1) next()
  let isFirst = true
  return () => {
    for (let skipped = isFirst ? share.count : 1; skipped < share.count; skipped += 1) next()
    isFirst = false
    return next()
  }
}

/** When the `point`-th arrival (fractions allowed) is due; call it with ascending points. */
function createInverse(profile: Profile): (point: number) => number {
  let at = 0
  let startMs = 0
  let startPoint = 0
  return (point) => {
    for (;;) {
      const segment = profile[at]
      if (segment === undefined) return Infinity
      const seconds = segment.durationMs / 1000
      const points = ((segment.from + segment.to) / 2) * seconds
      if (point - startPoint < points) {
        return (
          startMs +
          1000 * solve(segment.from, (segment.to - segment.from) / seconds, point - startPoint)
        )
      }
      startPoint += points
      startMs += segment.durationMs
      at += 1
    }
  }
}

/** Solves `rate·t + slope·t²/2 = points` for the smaller nonnegative `t`. */
function solve(rate: number, slope: number, points: number): number {
  if (points <= 0) return 0
  // This form of the quadratic's root does not cancel when the slope is small.
  return (2 * points) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * points)))
}
