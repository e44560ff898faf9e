import { ascending, quantileOfSorted } from './summary.ts'

/** How many outliers there are, by distance. They are labeled, never dropped. */
export interface Outliers {
  readonly lowSevere: number
  readonly lowMild: number
  readonly highMild: number
  readonly highSevere: number
}

/** Tukey's fences (1977): mild beyond 1.5 interquartile ranges from the quartiles, severe beyond 3. */
export function labelOutliers(values: ArrayLike<number>): Outliers {
  const sorted = ascending(values)
  const first = quantileOfSorted(sorted, 0.25)
  const third = quantileOfSorted(sorted, 0.75)
  const range = third - first
  const count = (test: (value: number) => boolean): number => sorted.filter(test).length
  const lowSevere = count((value) => value < first - 3 * range)
  const highSevere = count((value) => value > third + 3 * range)
  return {
    lowSevere,
    lowMild: count((value) => value < first - 1.5 * range) - lowSevere,
    highMild: count((value) => value > third + 1.5 * range) - highSevere,
    highSevere,
  }
}
