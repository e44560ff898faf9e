import type { Row } from '../schema/collection-schema.ts'
import type { Value } from '../schema/values.ts'
import { compareValues } from '../schema/values.ts'

const CHUNK_MAX = 512

/** A place between two rows. */
interface Place {
  readonly chunk: number
  readonly offset: number
}

/** Rows kept in the order of some columns, in chunks, so that an insert moves few of them. */
export class SortedRows {
  readonly #columns: readonly string[]
  readonly #chunks: Row[][] = [[]]

  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  insert(row: Row): void {
    const { chunk, offset } = this.#seek(this.#valuesOf(row), false)
    const rows = this.#chunks[chunk]!
    rows.splice(offset, 0, row)
    if (rows.length > CHUNK_MAX) {
      this.#chunks.splice(chunk + 1, 0, rows.splice(rows.length >>> 1))
    }
  }

  /** Removes the row that has the same values in all columns. */
  remove(row: Row): void {
    const { chunk, offset } = this.#seek(this.#valuesOf(row), false)
    const rows = this.#chunks[chunk]!
    rows.splice(offset, 1)
    if (rows.length === 0 && this.#chunks.length > 1) this.#chunks.splice(chunk, 1)
  }

  /** Rows from the first that is not below `low`, upwards. `past` skips those equal to `low`. */
  *upwards(low: readonly Value[], past: boolean): Generator<Row> {
    const start = this.#seek(low, past)
    for (let chunk = start.chunk; chunk < this.#chunks.length; chunk++) {
      const rows = this.#chunks[chunk]!
      for (let at = chunk === start.chunk ? start.offset : 0; at < rows.length; at++) {
        yield rows[at]!
      }
    }
  }

  /** Rows from the last that is not above `high`, downwards. `past` skips those equal to `high`. */
  *downwards(high: readonly Value[], past: boolean): Generator<Row> {
    const start = this.#seek(high, !past)
    for (let chunk = start.chunk; chunk >= 0; chunk--) {
      const rows = this.#chunks[chunk]!
      const last = chunk === start.chunk ? start.offset : rows.length
      for (let at = last - 1; at >= 0; at--) yield rows[at]!
    }
  }

  #valuesOf(row: Row): readonly Value[] {
    return this.#columns.map((name) => row[name])
  }

  /** The place before the rows whose leading columns equal `values`, or after them. */
  #seek(values: readonly Value[], after: boolean): Place {
    const isBefore = (row: Row): boolean => {
      const order = this.#compare(row, values)
      return after ? order <= 0 : order < 0
    }
    const chunk = lowest(this.#chunks.length - 1, (at) => !isBefore(this.#chunks[at]!.at(-1)!))
    const rows = this.#chunks[chunk]!
    return { chunk, offset: lowest(rows.length, (at) => !isBefore(rows[at]!)) }
  }

  #compare(row: Row, values: readonly Value[]): number {
    for (const [at, value] of values.entries()) {
      const order = compareValues(row[this.#columns[at]!], value)
      if (order !== 0) return order
    }
    return 0
  }
}

/** The lowest number below `count` for which `holds`, else `count`; it must be monotone. */
function lowest(count: number, holds: (at: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
