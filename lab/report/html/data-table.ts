import type { Exhibit, Table } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'

/** The most rows of a chart's data that the report shows; the JSON has all of them. */
const ROWS_MAX = 60

type Content = Pick<Table, 'columns' | 'rows'>

/** A table of values with units, which scrolls by itself if it is too wide. */
export function dataTable({ columns, rows }: Content, label: string): Markup {
  const classes = columns.map(({ unit }) => (unit === undefined ? 'text' : 'number'))
  const head = columns.map(
    (column, at) => markup`<th scope="col" class="${classes[at]}">${column.label}</th>`,
  )
  const body = rows.map((row) => {
    const cells = row.map((value, at) => {
      const unit = columns[at]?.unit ?? 'count'
      const text = typeof value === 'number' ? formatQuantity(value, unit) : (value ?? '–')
      return markup`<td class="${classes[at]}">${text}</td>`
    })
    return markup`<tr>${cells}</tr>`
  })
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="${label}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** Keeps the first, the last and evenly spaced rows between. */
function thin<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= ROWS_MAX) return rows
  const step = (rows.length - 1) / (ROWS_MAX - 1)
  return Array.from({ length: ROWS_MAX }, (_, at) => rows[Math.round(at * step)]!)
}

/**
 * The numbers behind a chart as a table, for readers who prefer or need text. `null` for charts that a
 * table would not explain better (a flame graph, a heat map).
 */
export function contentOf(exhibit: Exhibit): Content | null {
  switch (exhibit.kind) {
    case 'table':
      return exhibit
    case 'forest':
      return {
        columns: [
          { label: exhibit.axisLabel },
          { label: 'value', unit: exhibit.unit },
          { label: 'low', unit: exhibit.unit },
          { label: 'high', unit: exhibit.unit },
          { label: 'told apart from nothing' },
        ],
        rows: exhibit.rows.map(({ label, value, interval, distinguishable }) => [
          label,
          value,
          interval.low,
          interval.high,
          distinguishable ? 'yes' : 'no',
        ]),
      }
    case 'waterfall':
      return {
        columns: [{ label: 'part' }, { label: 'value', unit: exhibit.unit }, { label: 'role' }],
        rows: exhibit.steps.map(({ label, value, role }) => [label, value, role]),
      }
    case 'lines':
      return {
        columns: [
          { label: 'series' },
          { label: exhibit.x.label, unit: exhibit.x.unit },
          { label: exhibit.y.label, unit: exhibit.y.unit },
        ],
        rows: thin(
          exhibit.series.flatMap(({ label, points }) => points.map(([x, y]) => [label, x, y])),
        ),
      }
    case 'heat-map':
    case 'flame-graph':
    default:
      return null
  }
}
