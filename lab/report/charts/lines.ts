import type { LineChart, Point, Series } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { PLOT, axes, drawing, spans } from './plot.ts'
import type { Scale } from './scale.ts'
import { createScale, niceDomain } from './scale.ts'

/** Colors in the style sheet; further series reuse them with other marks. */
export const SERIES_COLORS = 8

const MARKS = ['circle', 'square', 'triangle'] as const

function extent(values: readonly number[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : [0, 1]
}

function domainOf(chart: LineChart, axis: 'x' | 'y'): readonly [number, number] {
  const at = axis === 'x' ? 0 : 1
  const values = chart.series.flatMap(({ points, band }) => [
    ...points.map((point) => point[at]),
    ...(band ?? []).flatMap(([x, low, high]) => (axis === 'x' ? [x] : [low, high])),
  ])
  if (axis === 'y') values.push(...(chart.levels ?? []).map(({ value }) => value))
  else values.push(...(chart.spans ?? []).flatMap(({ from, to }) => [from, to]))
  const { scale } = chart[axis]
  if (scale === 'log') {
    const [low, high] = extent(values.filter((value) => value > 0))
    return [low, high]
  }
  const [low, high] = extent(values)
  if (scale === 'percentile') return [Math.max(0, low), Math.min(high, 0.999999)]
  return axis === 'y' ? niceDomain(Math.min(0, low), high) : [low, high > low ? high : low + 1]
}

function path(points: readonly Point[], x: Scale, y: Scale): string {
  return points
    .filter((point) => point.every(Number.isFinite))
    .map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${coordinate(x.at(px))} ${coordinate(y.at(py))}`)
    .join('')
}

function mark(shape: (typeof MARKS)[number], cx: number, cy: number, text: string): Markup {
  const [left, top] = [coordinate(cx - 3.5), coordinate(cy - 3.5)]
  const title = markup`<title>${text}</title>`
  if (shape === 'square') {
    return markup`<rect class="mark" x="${left}" y="${top}" width="7" height="7">${title}</rect>`
  }
  if (shape === 'triangle') {
    const d = `M${coordinate(cx)} ${coordinate(cy - 4.5)}l4.5 8h-9z`
    return markup`<path class="mark" d="${d}">${title}</path>`
  }
  return markup`<circle class="mark" cx="${coordinate(cx)}" cy="${coordinate(cy)}" r="3.5">${title}</circle>`
}

function drawSeries(chart: LineChart, series: Series, index: number, x: Scale, y: Scale): Markup {
  const band = series.band ?? []
  const outline = [
    ...band.map(([px, , high]): Point => [px, high]),
    ...band.map(([px, low]): Point => [px, low]).reverse(),
  ]
  const shape = MARKS[Math.floor(index / SERIES_COLORS + index) % MARKS.length]!
  const shown = series.marks === true || series.points.length <= 12 ? series.points : []
  return markup`<g class="series s${index % SERIES_COLORS}">${
    band.length > 0 &&
    markup`<path class="${series.dashed === true ? 'band dashed' : 'band'}" d="${path(outline, x, y)}Z"/>`
  }${
    series.joined !== false &&
    markup`<path class="${series.dashed === true ? 'line dashed' : 'line'}" d="${path(series.points, x, y)}"/>`
  }${shown.map(([px, py]) =>
    mark(
      shape,
      x.at(px),
      y.at(py),
      `${series.label}: ${formatQuantity(px, chart.x.unit)}, ${formatQuantity(py, chart.y.unit)}`,
    ),
  )}</g>`
}

function levels(chart: LineChart, y: Scale): Markup[] {
  return (chart.levels ?? []).map(({ label, value }) => {
    const at = y.at(value)
    return markup`<line class="level" x1="${PLOT.left}" x2="${PLOT.right}" y1="${coordinate(at)}" y2="${coordinate(at)}"/><text class="tick" x="${PLOT.right - 4}" y="${coordinate(at - 5)}" text-anchor="end">${label}</text>`
  })
}

function legend(series: readonly Series[]): Markup | false {
  if (series.length < 2) return false
  const items = series.map(
    ({ label, dashed }, index) =>
      markup`<li class="s${index % SERIES_COLORS}"><span class="swatch${dashed === true && ' dashed'}"></span>${label}</li>`,
  )
  return markup`<ul class="legend">${items}</ul>`
}

/** Draws lines over a common axis, with bands, spans and levels. */
export function drawLines(chart: LineChart, id: string): Markup {
  const x = createScale(chart.x, domainOf(chart, 'x'), [PLOT.left, PLOT.right])
  const y = createScale(chart.y, domainOf(chart, 'y'), [PLOT.bottom, PLOT.top + 8])
  return markup`${drawing(id, PLOT, chart.title, chart.caption, [
    ...spans(chart.spans ?? [], x),
    axes(chart.x, chart.y, x, y),
    ...levels(chart, y),
    ...chart.series.map((series, index) => drawSeries(chart, series, index, x, y)),
  ])}${legend(chart.series)}`
}
