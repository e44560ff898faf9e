import type { Point } from '../core/index.ts'

/** A line by least squares. */
export interface Line {
  readonly slope: number
  readonly intercept: number
  /** Share of the variance that the line explains, taken about the origin for a line through it. */
  readonly rSquared: number
}

/** Ordinary least squares through the origin. */
export function fitThroughOrigin(points: readonly Point[]): Line {
  let xy = 0
  let xx = 0
  let yy = 0
  for (const [x, y] of points) {
    xy += x * y
    xx += x * x
    yy += y * y
  }
  const slope = xy / xx
  return { slope, intercept: 0, rSquared: yy === 0 ? 1 : (slope * xy) / yy }
}
