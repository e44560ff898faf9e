/**
 * The geometry of a log-linear histogram as HdrHistogram describes it: values below
 * `2^subBucketBits` have a cell each; above, every doubling is cut into `2^(subBucketBits - 1)` cells
 * of equal width. Eleven bits keep the error of a value below 0.1 %, seven below 1.6 %.
 */
export interface Cells {
  readonly subBucketBits: number
  readonly count: number
  indexOf(value: number): number
  /** The smallest value of a cell. */
  lowest(index: number): number
  /** The largest whole value of a cell. */
  highest(index: number): number
}

/** Ten minutes in microseconds; longer values are counted as this. */
export const VALUE_MAX = 600_000_000

/** @param subBucketBits - 4 to 14. */
export function createCells(subBucketBits: number): Cells {
  if (!Number.isInteger(subBucketBits) || subBucketBits < 4 || subBucketBits > 14) {
    throw new RangeError('subBucketBits must be a whole number from 4 to 14')
  }
  const exact = 2 ** subBucketBits
  const half = exact / 2
  const indexOf = (value: number): number => {
    if (value < exact) return value
    const shift = 32 - Math.clz32(value) - subBucketBits
    return shift * half + (value >>> shift)
  }
  const shiftOf = (index: number): number => (index < exact ? 0 : Math.floor(index / half) - 1)
  const lowest = (index: number): number => {
    const shift = shiftOf(index)
    return (index - shift * half) * 2 ** shift
  }
  return {
    subBucketBits,
    count: indexOf(VALUE_MAX) + 1,
    indexOf,
    lowest,
    highest: (index) => lowest(index) + 2 ** shiftOf(index) - 1,
  }
}
