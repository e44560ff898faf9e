import type { Axis, Span } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import type { Scale } from './scale.ts'

/** The inside of a chart with two axes, in units of its view box. */
export const PLOT = { width: 720, height: 320, left: 76, right: 690, top: 14, bottom: 268 } as const

/** A drawing with a name and a description for screen readers. */
export function drawing(
  id: string,
  size: { readonly width: number; readonly height: number },
  title: string,
  description: string,
  content: readonly Markup[],
): Markup {
  return markup`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${content}</svg>`
}

/** Grid lines, tick labels and axis titles. */
export function axes(x: Axis, y: Axis, xScale: Scale, yScale: Scale): Markup {
  const columns = xScale.ticks.map(({ value, label }) => {
    const at = coordinate(xScale.at(value))
    return markup`<line class="grid" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text class="tick" x="${at}" y="${PLOT.bottom + 18}" text-anchor="middle">${label}</text>`
  })
  const rows = yScale.ticks.map(({ value, label }) => {
    const at = yScale.at(value)
    return markup`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${coordinate(at)}" y2="${coordinate(at)}"/><text class="tick" x="${PLOT.left - 8}" y="${coordinate(at + 4)}" text-anchor="end">${label}</text>`
  })
  const middle = (PLOT.left + PLOT.right) / 2
  return markup`${columns}${rows}<text class="axis" x="${middle}" y="${PLOT.height - 10}" text-anchor="middle">${x.label}</text><text class="axis" x="${PLOT.left}" y="${PLOT.top - 3}">${y.label}</text>`
}

/** Named ranges of the x axis, drawn behind everything else. */
export function spans(all: readonly Span[], xScale: Scale): Markup[] {
  return all.map(({ label, from, to }) => {
    const left = Math.max(PLOT.left, xScale.at(from))
    const right = Math.min(PLOT.right, xScale.at(to))
    return markup`<rect class="span" x="${coordinate(left)}" y="${PLOT.top}" width="${coordinate(Math.max(1, right - left))}" height="${PLOT.bottom - PLOT.top}"/><text class="tick" x="${coordinate(left + 4)}" y="${PLOT.top + 13}">${label}</text>`
  })
}
