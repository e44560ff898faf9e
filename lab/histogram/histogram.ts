import type { Cells } from './cells.ts'
import { VALUE_MAX, createCells } from './cells.ts'
import { decodeCounts, encodeCounts } from './codec.ts'

/** A histogram as JSON: small, and exact in its counts. */
export interface HistogramData {
  readonly subBucketBits: number
  readonly minUs: number
  readonly maxUs: number
  readonly sumUs: number
  /** Values longer than ten minutes, counted as ten minutes. */
  readonly overflow: number
  /** Base64 of (cells skipped, count) pairs, each a LEB128 number. */
  readonly cells: string
}

/** Durations in whole microseconds, 0 to ten minutes, counted in bounded memory. */
export interface Histogram {
  readonly subBucketBits: number
  readonly count: number
  readonly minUs: number
  readonly maxUs: number
  readonly meanUs: number
  readonly sumUs: number
  readonly overflow: number
  /** Fractions are rounded; negative values count as 0. */
  record(valueUs: number): void
  /** Records the same value `times` times. */
  recordMany(valueUs: number, times: number): void
  /** Adds the counts of another histogram of the same or finer precision. */
  add(other: Histogram): void
  /**
   * The largest value in the same cell as the one at rank `ceil(share × count)`, never more
   * than the maximum; NaN if nothing was recorded.
   *
   * @param share - 0 to 1: 0.99 for the 99th percentile.
   */
  quantile(share: number): number
  /** Values in cells that end above `valueUs`. */
  countAbove(valueUs: number): number
  /** Every nonempty cell, in ascending order. */
  cells(): Generator<{
    readonly lowestUs: number
    readonly highestUs: number
    readonly count: number
  }>
  clear(): void
  toJSON(): HistogramData
}

/** Eleven bits: HdrHistogram with three significant digits. */
export const FINE_BITS = 11
/** Seven bits: for the many small histograms of a series. */
export const COARSE_BITS = 7

/** Makes an empty histogram. */
export function createHistogram(subBucketBits: number = FINE_BITS): Histogram {
  return new CountingHistogram(createCells(subBucketBits))
}

/** Rebuilds a histogram; throws a `RangeError` for data that is not one. */
export function histogramFrom(data: HistogramData): Histogram {
  return CountingHistogram.from(data)
}

/** One histogram with the counts of all, in the precision of the first. */
export function mergeHistograms(all: readonly Histogram[]): Histogram {
  const merged = createHistogram(all[0]?.subBucketBits ?? FINE_BITS)
  for (const each of all) merged.add(each)
  return merged
}

class CountingHistogram implements Histogram {
  readonly #cells: Cells
  // Doubles: the count of a day at 50,000 per second does not fit into 32 bits.
  readonly #counts: Float64Array
  #count = 0
  #minUs = Infinity
  #maxUs = 0
  #sumUs = 0
  #overflow = 0

  constructor(cells: Cells) {
    this.#cells = cells
    this.#counts = new Float64Array(cells.count)
  }

  static from(data: HistogramData): Histogram {
    const made = new CountingHistogram(createCells(data.subBucketBits))
    made.#count = decodeCounts(data.cells, made.#counts)
    made.#minUs = made.#count === 0 ? Infinity : data.minUs
    made.#maxUs = data.maxUs
    made.#sumUs = data.sumUs
    made.#overflow = data.overflow
    return made
  }

  get subBucketBits(): number {
    return this.#cells.subBucketBits
  }
  get count(): number {
    return this.#count
  }
  get minUs(): number {
    return this.#count === 0 ? Number.NaN : this.#minUs
  }
  get maxUs(): number {
    return this.#count === 0 ? Number.NaN : this.#maxUs
  }
  get meanUs(): number {
    return this.#sumUs / this.#count
  }
  get sumUs(): number {
    return this.#sumUs
  }
  get overflow(): number {
    return this.#overflow
  }

  record(valueUs: number): void {
    this.recordMany(valueUs, 1)
  }

  recordMany(valueUs: number, times: number): void {
    if (!(times > 0)) return
    let value = valueUs > 0 ? Math.round(valueUs) : 0
    if (value > VALUE_MAX) {
      value = VALUE_MAX
      this.#overflow += times
    }
    const index = this.#cells.indexOf(value)
    this.#counts[index] = this.#counts[index]! + times
    this.#count += times
    this.#sumUs += value * times
    if (value < this.#minUs) this.#minUs = value
    if (value > this.#maxUs) this.#maxUs = value
  }

  add(other: Histogram): void {
    if (other.count === 0) return
    if (other.subBucketBits < this.subBucketBits) {
      throw new RangeError('a coarse histogram cannot be added to a finer one')
    }
    if (other instanceof CountingHistogram && other.subBucketBits === this.subBucketBits) {
      const from = other.#counts
      const into = this.#counts
      for (let at = 0; at < into.length; at += 1) into[at] = into[at]! + from[at]!
    } else {
      for (const { lowestUs, count } of other.cells()) {
        const index = this.#cells.indexOf(lowestUs)
        this.#counts[index] = this.#counts[index]! + count
      }
    }
    this.#count += other.count
    this.#sumUs += other.sumUs
    this.#overflow += other.overflow
    this.#minUs = Math.min(this.#minUs, other.minUs)
    this.#maxUs = Math.max(this.#maxUs, other.maxUs)
  }

  quantile(share: number): number {
    if (this.#count === 0) return Number.NaN
    // A share such as 0.99 is not exact in binary, so the product may end up just above the intended rank.
    const exact = Math.min(Math.max(share, 0), 1) * this.#count
    const rank = Math.max(1, Math.ceil(exact - 1e-9 * this.#count))
    if (rank >= this.#count) return this.#maxUs
    let seen = 0
    for (let at = 0; at < this.#counts.length; at += 1) {
      seen += this.#counts[at]!
      if (seen >= rank) {
        return Math.max(Math.min(this.#cells.highest(at), this.#maxUs), this.#minUs)
      }
    }
    return this.#maxUs
  }

  countAbove(valueUs: number): number {
    if (valueUs < 0) return this.#count
    if (valueUs >= this.#maxUs) return 0
    let above = 0
    for (let at = this.#cells.indexOf(Math.floor(valueUs)); at < this.#counts.length; at += 1) {
      if (this.#cells.highest(at) > valueUs) above += this.#counts[at]!
    }
    return above
  }

  *cells(): Generator<{ lowestUs: number; highestUs: number; count: number }> {
    for (let at = 0; at < this.#counts.length; at += 1) {
      const count = this.#counts[at]!
      if (count === 0) continue
      yield { lowestUs: this.#cells.lowest(at), highestUs: this.#cells.highest(at), count }
    }
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#minUs = Infinity
    this.#maxUs = 0
    this.#sumUs = 0
    this.#overflow = 0
  }

  toJSON(): HistogramData {
    return {
      subBucketBits: this.subBucketBits,
      minUs: this.#count === 0 ? 0 : this.#minUs,
      maxUs: this.#maxUs,
      sumUs: this.#sumUs,
      overflow: this.#overflow,
      cells: encodeCounts(this.#counts),
    }
  }
}
