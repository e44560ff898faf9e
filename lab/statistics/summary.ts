/** A sorted copy of the values, ascending. */
export const ascending = (values: ArrayLike<number>): Float64Array =>
  Float64Array.from(values).sort()

/** Arithmetic mean; NaN if there are no values. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < values.length; at += 1) sum += values[at]!
  return sum / values.length
}

/** Sample variance (divided by n − 1); NaN below two values. */
export function variance(values: ArrayLike<number>): number {
  const center = mean(values)
  let sum = 0
  for (let at = 0; at < values.length; at += 1) sum += (values[at]! - center) ** 2
  return values.length < 2 ? Number.NaN : sum / (values.length - 1)
}

/** Sample standard deviation. */
export const standardDeviation = (values: ArrayLike<number>): number => Math.sqrt(variance(values))

/**
 * Quantile of ascending values by linear interpolation: type 7 of Hyndman and Fan (1996), the default
 * of R and NumPy.
 *
 * @param share - 0 to 1.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  // Equal neighbors are handled first, because the difference of two infinities is NaN.
  return below === above ? below : below + (above - below) * (at - Math.floor(at))
}

/** {@link quantileOfSorted} of values in any order. */
export const quantile = (values: ArrayLike<number>, share: number): number =>
  quantileOfSorted(ascending(values), share)

/** The median. */
export const median = (values: ArrayLike<number>): number => quantile(values, 0.5)
