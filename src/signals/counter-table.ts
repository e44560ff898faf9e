import type { Metrics } from './metrics.ts'
import { OTHER } from './slots.ts'

/** A counter family laid out as a table: fixed columns, and rows that are added by name, up to a bound. */
export interface CounterTable {
  /** The row of this name; row 0, named `other`, once the table is full. */
  row(name: string): number
  /** Counts one, or as many as `by` says. */
  add(row: number, column: number, by?: number): void
  counts(): readonly { readonly name: string; readonly counts: readonly number[] }[]
}

/** What {@link createCounterTable} needs; without `columns` the table has a single column without a label. */
export interface CounterTableOptions {
  readonly name: string
  readonly help: string
  readonly rowLabel: string
  readonly rowsMax: number
  readonly columns?: { readonly label: string; readonly values: readonly string[] }
}

/** Declares the counter family of a {@link CounterTable}. */
export function createCounterTable(metrics: Metrics, options: CounterTableOptions): CounterTable {
  const { columns } = options
  const width = columns?.values.length ?? 1
  const counter = metrics.counter({
    name: options.name,
    help: options.help,
    labels: columns === undefined ? [options.rowLabel] : [options.rowLabel, columns.label],
    slotsMax: (options.rowsMax + 1) * width + 1,
  })
  const names: string[] = []
  const rows = new Map<string, number>()
  const slots = new Int32Array((options.rowsMax + 1) * width)
  const declare = (row: number, name: string): void => {
    names[row] = name
    for (let column = 0; column < width; column++) {
      const labels = columns === undefined ? [name] : [name, columns.values[column] ?? OTHER]
      slots[row * width + column] = counter.slot(...labels)
    }
  }
  names.push(OTHER)
  return {
    row(name) {
      const known = rows.get(name)
      if (known !== undefined) return known
      const row = names.length <= options.rowsMax ? names.length : 0
      if (row > 0) rows.set(name, row)
      if (row > 0 || slots[0] === 0) declare(row, row === 0 ? OTHER : name)
      return row
    },
    add(row, column, by = 1) {
      counter.add(slots[row * width + column]!, by)
    },
    counts: () =>
      names
        .map((name, row) => ({
          name,
          counts: Array.from({ length: width }, (_, column) =>
            counter.value(slots[row * width + column] ?? 0),
          ),
        }))
        .filter(({ counts }, row) => row > 0 || counts.some((count) => count > 0)),
  }
}
