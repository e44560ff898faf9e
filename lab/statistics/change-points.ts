import { studentCdf } from './distributions.ts'
import { mean, variance } from './summary.ts'

/** A point from which a series has another level. */
export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly at: number
  readonly before: number
  readonly after: number
  readonly p: number
}

const SEGMENT_MIN = 4

/**
 * Change points of a series: splits by the energy statistic of E-divisive (Matteson and James 2014),
 * tested by Welch's t as in Hunter (Fleming et al. 2023), because the randomized test of the former can give different
 * results for the same series. Segments have at least four values.
 *
 * @param level - The most probable a split may be by chance; default 0.001.
 */
export function findChangePoints(values: readonly number[], level = 0.001): readonly ChangePoint[] {
  const bounds = [0, values.length]
  for (;;) {
    const splits = bounds.slice(1).flatMap((to, index) => {
      const split = bestSplit(values, bounds[index]!, to)
      return split === undefined || split.p >= level ? [] : [split]
    })
    const strongest = splits.toSorted((a, b) => a.p - b.p || a.at - b.at)[0]
    if (strongest === undefined) break
    bounds.push(strongest.at)
    bounds.sort((a, b) => a - b)
  }
  return bounds.slice(1, -1).map((at, index) => {
    const before = values.slice(bounds[index], at)
    const after = values.slice(at, bounds[index + 2])
    return { at, before: mean(before), after: mean(after), p: welch(before, after) }
  })
}

function bestSplit(
  values: readonly number[],
  from: number,
  to: number,
): { readonly at: number; readonly p: number } | undefined {
  let best = -Infinity
  let at = -1
  for (let split = from + SEGMENT_MIN; split <= to - SEGMENT_MIN; split += 1) {
    const energy = energyBetween(values.slice(from, split), values.slice(split, to))
    if (energy > best) {
      best = energy
      at = split
    }
  }
  if (at < 0) return undefined
  return { at, p: welch(values.slice(from, at), values.slice(at, to)) }
}

/** Scaled energy distance between two samples, by the mean distance of pairs across and within. */
function energyBetween(a: readonly number[], b: readonly number[]): number {
  let across = 0
  for (const one of a) for (const other of b) across += Math.abs(one - other)
  const weight = (a.length * b.length) / (a.length + b.length)
  return weight * ((2 * across) / (a.length * b.length) - within(a) - within(b))
}

function within(values: readonly number[]): number {
  let sum = 0
  for (const [at, one] of values.entries()) {
    for (let later = at + 1; later < values.length; later += 1)
      sum += Math.abs(one - values[later]!)
  }
  return (2 * sum) / (values.length * (values.length - 1))
}

/** Two-sided probability of Welch's t test (1947), which lets variances differ. */
export function welch(a: readonly number[], b: readonly number[]): number {
  const [errorA, errorB] = [variance(a) / a.length, variance(b) / b.length]
  const error = errorA + errorB
  const difference = Math.abs(mean(a) - mean(b))
  if (error === 0) return difference === 0 ? 1 : 0
  const freedom = error ** 2 / (errorA ** 2 / (a.length - 1) + errorB ** 2 / (b.length - 1))
  return 2 * studentCdf(-difference / Math.sqrt(error), freedom)
}
