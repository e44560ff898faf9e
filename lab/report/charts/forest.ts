import type { ForestPlot } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { drawing } from './plot.ts'
import { createScale, niceDomain } from './scale.ts'

const WIDTH = 720
const LABELS = 190
const VALUES = 150
const ROW = 28
const TOP = 12

/** The value that means no effect: 1 for factors, 0 for everything else. */
function neutral(chart: ForestPlot): number {
  return chart.unit === 'ratio' ? 1 : 0
}

/** Draws effects with their intervals; what lies within the floor's band cannot be told from nothing. */
export function drawForest(chart: ForestPlot, id: string): Markup {
  const zero = neutral(chart)
  const floor = chart.floor ?? 0
  const ends = chart.rows.flatMap(({ value, interval }) => [value, interval.low, interval.high])
  const finite = [zero - floor, zero + floor, ...ends].filter(Number.isFinite)
  const bottom = TOP + chart.rows.length * ROW + 6
  const axis = { label: chart.axisLabel, unit: chart.unit }
  const x = createScale(axis, niceDomain(Math.min(...finite), Math.max(...finite), 5), [
    LABELS,
    WIDTH - VALUES,
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
    ...chart.rows.map((row, index) => drawRow(chart, row, TOP + index * ROW + ROW / 2, x.at)),
    markup`<text class="axis" x="${(LABELS + WIDTH - VALUES) / 2}" y="${bottom + 36}" text-anchor="middle">${chart.axisLabel}</text>`,
  ])
}

function drawRow(
  chart: ForestPlot,
  row: ForestPlot['rows'][number],
  y: number,
  at: (value: number) => number,
): Markup {
  const { label, value, interval, distinguishable } = row
  const low = coordinate(at(interval.low))
  const high = coordinate(at(interval.high))
  const text = `${formatQuantity(value, chart.unit)} (${formatQuantity(interval.low, chart.unit)} to ${formatQuantity(interval.high, chart.unit)})`
  return markup`<g class="${distinguishable ? 'effect' : 'effect faint'}"><title>${label}: ${text}${!distinguishable && ', not distinguishable from nothing'}</title><text class="label" x="${LABELS - 10}" y="${y + 4}" text-anchor="end">${label}</text><line class="whisker" x1="${low}" x2="${high}" y1="${y}" y2="${y}"/><line class="whisker" x1="${low}" x2="${low}" y1="${y - 5}" y2="${y + 5}"/><line class="whisker" x1="${high}" x2="${high}" y1="${y - 5}" y2="${y + 5}"/><rect class="mark" x="${coordinate(at(value) - 4)}" y="${y - 4}" width="8" height="8"/><text class="tick" x="${WIDTH - VALUES + 10}" y="${y + 4}">${text}</text></g>`
}
