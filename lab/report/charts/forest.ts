import type { ForestPlot } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { drawing } from './plot.ts'
import { createScale, niceDomain } from './scale.ts'

const WIDTH = 720
const LABELS_MIN = 120
const PLOT_MIN = 240
/** Width of a character at 12 px in the system's font; below it, the margin beside a text. */
const CHARACTER = 7.2
const MARGIN = 10
const ROW = 28
const TOP = 12

/** The value that means no effect: 1 for factors, 0 for everything else. */
function neutral(chart: ForestPlot): number {
  return chart.unit === 'ratio' ? 1 : 0
}

/** Where the plot begins and ends, so that the labels before it and the values after it are not cut off. */
function plotOf({ rows, unit }: ForestPlot): { readonly from: number; readonly to: number } {
  const widest = (texts: readonly string[]): number =>
    Math.max(...texts.map((text) => text.length)) * CHARACTER + 2 * MARGIN
  const from = Math.max(LABELS_MIN, widest(rows.map(({ label }) => label)))
  const to = Math.max(from + PLOT_MIN, WIDTH - widest(rows.map((row) => valueOf(row, unit))))
  return { from, to }
}

type Row = ForestPlot['rows'][number]

function valueOf({ value, interval: { low, high } }: Row, unit: ForestPlot['unit']): string {
  return `${formatQuantity(value, unit)} (${formatQuantity(low, unit)} to ${formatQuantity(high, unit)})`
}

/** Draws effects with their intervals; those within the band of the floor cannot be distinguished from none. */
export function drawForest(chart: ForestPlot, id: string): Markup {
  const zero = neutral(chart)
  const floor = chart.floor ?? 0
  const ends = chart.rows.flatMap(({ value, interval }) => [value, interval.low, interval.high])
  const finite = [zero - floor, zero + floor, ...ends].filter(Number.isFinite)
  const bottom = TOP + chart.rows.length * ROW + 6
  const axis = { label: chart.axisLabel, unit: chart.unit }
  const plot = plotOf(chart)
  const x = createScale(axis, niceDomain(Math.min(...finite), Math.max(...finite), 5), [
    plot.from,
    plot.to,
  ])
  const left = coordinate(x.at(zero - floor))
  const band = coordinate(x.at(zero + floor) - x.at(zero - floor))
  return drawing(id, { width: WIDTH, height: bottom + 44 }, chart.title, chart.caption, [
    markup`<rect class="floor" x="${left}" y="${TOP}" width="${band}" height="${bottom - TOP}"><title>A/A floor: a difference of nothing looks like this</title></rect>`,
    ...x.ticks.map(
      ({ value, label }) =>
        markup`<line class="grid" x1="${coordinate(x.at(value))}" x2="${coordinate(x.at(value))}" y1="${TOP}" y2="${bottom}"/><text class="tick" x="${coordinate(x.at(value))}" y="${bottom + 16}" text-anchor="middle">${label}</text>`,
    ),
    markup`<line class="zero" x1="${coordinate(x.at(zero))}" x2="${coordinate(x.at(zero))}" y1="${TOP}" y2="${bottom}"/>`,
    ...chart.rows.map((row, index) =>
      drawRow(row, { chart, plot, at: x.at, y: TOP + index * ROW + ROW / 2 }),
    ),
    markup`<text class="axis" x="${coordinate((plot.from + plot.to) / 2)}" y="${bottom + 36}" text-anchor="middle">${chart.axisLabel}</text>`,
  ])
}

interface RowPlace {
  readonly chart: ForestPlot
  readonly plot: { readonly from: number; readonly to: number }
  readonly at: (value: number) => number
  readonly y: number
}

function drawRow(row: Row, { chart, plot, at, y }: RowPlace): Markup {
  const { label, value, interval, distinguishable } = row
  const low = coordinate(at(interval.low))
  const high = coordinate(at(interval.high))
  const text = valueOf(row, chart.unit)
  return markup`<g class="${distinguishable ? 'effect' : 'effect faint'}"><title>${label}: ${text}${!distinguishable && ', not distinguishable from nothing'}</title><text class="label" x="${coordinate(plot.from - MARGIN)}" y="${y + 4}" text-anchor="end">${label}</text><line class="whisker" x1="${low}" x2="${high}" y1="${y}" y2="${y}"/><line class="whisker" x1="${low}" x2="${low}" y1="${y - 5}" y2="${y + 5}"/><line class="whisker" x1="${high}" x2="${high}" y1="${y - 5}" y2="${y + 5}"/><rect class="mark" x="${coordinate(at(value) - 4)}" y="${y - 4}" width="8" height="8"/><text class="tick" x="${coordinate(plot.to + MARGIN)}" y="${y + 4}">${text}</text></g>`
}
