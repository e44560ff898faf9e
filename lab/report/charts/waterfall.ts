import type { Waterfall } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { drawing } from './plot.ts'
import { createScale, niceDomain } from './scale.ts'

const WIDTH = 720
const LABELS = 190
const VALUES = 90
const ROW = 28
const TOP = 8

interface Bar {
  readonly label: string
  readonly role: Waterfall['steps'][number]['role']
  readonly value: number
  readonly from: number
  readonly to: number
}

/** Totals start at zero; parts and the remainder start where the previous bar ended. */
function barsOf(chart: Waterfall): Bar[] {
  let end = 0
  return chart.steps.map(({ label, role, value }) => {
    const from = role === 'total' ? 0 : end
    end = from + value
    return { label, role, value, from, to: end }
  })
}

/** Draws what a whole is made of, part after part. */
export function drawWaterfall(chart: Waterfall, id: string): Markup {
  const bars = barsOf(chart)
  const ends = bars.flatMap(({ from, to }) => [from, to])
  const bottom = TOP + bars.length * ROW
  const axis = { label: '', unit: chart.unit }
  const x = createScale(axis, niceDomain(Math.min(0, ...ends), Math.max(...ends), 5), [
    LABELS,
    WIDTH - VALUES,
  ])
  return drawing(id, { width: WIDTH, height: bottom + 26 }, chart.title, chart.caption, [
    ...x.ticks.map(
      ({ value, label }) =>
        markup`<line class="grid" x1="${coordinate(x.at(value))}" x2="${coordinate(x.at(value))}" y1="${TOP}" y2="${bottom}"/><text class="tick" x="${coordinate(x.at(value))}" y="${bottom + 16}" text-anchor="middle">${label}</text>`,
    ),
    ...bars.map(({ label, role, value, from, to }, index) => {
      const y = TOP + index * ROW
      const left = Math.min(x.at(from), x.at(to))
      const text = formatQuantity(value, chart.unit)
      return markup`<g class="bar ${role}"><title>${label}: ${text}</title><text class="label" x="${LABELS - 10}" y="${y + 18}" text-anchor="end">${label}</text><rect x="${coordinate(left)}" y="${y + 5}" width="${coordinate(Math.max(1, Math.abs(x.at(to) - x.at(from))))}" height="${ROW - 10}"/><text class="tick" x="${coordinate(Math.max(x.at(from), x.at(to)) + 6)}" y="${y + 18}">${role !== 'total' && value >= 0 && '+'}${text}</text></g>`
    }),
  ])
}
