import { gammaFraction, logGamma, regularizedBeta, regularizedGamma } from './special-functions.ts'

/** Probability that a standard normal variable is at most `z`; accurate in both tails. */
export function normalCdf(z: number): number {
  if (z > 0) return 1 - normalCdf(-z)
  const x = (z * z) / 2
  if (x < 1.5) return 0.5 * (1 - regularizedGamma(0.5, x))
  return 0.5 * Math.exp(0.5 * Math.log(x) - x - logGamma(0.5)) * gammaFraction(0.5, x)
}

/** The value that a standard normal variable stays below with `probability`. */
export const normalQuantile = (probability: number): number =>
  invert(normalCdf, probability, -40, 40)

/** Cumulative distribution of Student's t. */
export function studentCdf(t: number, degreesOfFreedom: number): number {
  const tail =
    0.5 * regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
  return t > 0 ? 1 - tail : tail
}

/** Quantile of Student's t. */
export const studentQuantile = (probability: number, degreesOfFreedom: number): number =>
  invert((t) => studentCdf(t, degreesOfFreedom), probability, -1e6, 1e6)

/** Bisection, which always works because distributions rise monotonically, and needs no starting value. */
function invert(cdf: (x: number) => number, probability: number, from: number, to: number): number {
  if (probability <= 0) return -Infinity
  if (probability >= 1) return Infinity
  let low = from
  let high = to
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (cdf(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}
