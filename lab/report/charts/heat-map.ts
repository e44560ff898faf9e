import type { HeatMap } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { PLOT, axes, drawing, spans } from './plot.ts'
import { createScale } from './scale.ts'

/** Shades of a cell: steps of the logarithm of its count, so that single requests stay visible. */
const SHADES = 8

/** Draws counts per cell of time and latency. */
export function drawHeatMap(chart: HeatMap, id: string): Markup {
  const { columnEdges, rowEdges, counts } = chart
  const ends = (edges: readonly number[]) => [edges[0] ?? 0, edges.at(-1) ?? 1] as const
  const x = createScale(chart.x, ends(columnEdges), [PLOT.left, PLOT.right])
  const y = createScale(chart.y, ends(rowEdges), [PLOT.bottom, PLOT.top + 8])
  const most = counts.reduce((high, column) => Math.max(high, ...column), 1)
  const shade = (count: number) => Math.ceil((Math.log1p(count) / Math.log1p(most)) * SHADES)
  const byShade = Array.from({ length: SHADES + 1 }, (): string[] => [])
  counts.forEach((column, at) => {
    const left = x.at(columnEdges[at]!)
    const width = Math.max(0.5, x.at(columnEdges[at + 1]!) - left)
    column.forEach((count, row) => {
      if (count === 0) return
      const top = y.at(rowEdges[row + 1]!)
      const height = Math.max(0.5, y.at(rowEdges[row]!) - top)
      byShade[shade(count)]!.push(
        `M${coordinate(left)} ${coordinate(top)}h${coordinate(width)}v${coordinate(height)}h${coordinate(-width)}z`,
      )
    })
  })
  const cells = byShade.map(
    (cellPaths, step) =>
      cellPaths.length > 0 &&
      markup`<path class="cell" fill-opacity="${coordinate(0.12 + (0.88 * step) / SHADES)}" d="${cellPaths.join('')}"/>`,
  )
  return drawing(
    id,
    PLOT,
    chart.title,
    `${chart.caption} The darkest cell holds ${formatQuantity(most, 'count')}.`,
    [markup`${cells}`, ...spans(chart.spans ?? [], x), axes(chart.x, chart.y, x, y)],
  )
}
