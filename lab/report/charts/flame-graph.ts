import type { FlameGraph, FlameNode } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { coordinate, markup } from '../markup.ts'
import { drawing } from './plot.ts'

const WIDTH = 1200
const ROW = 18
const DEPTH_MAX = 60
/** Frames narrower than this many units are left out: they would be invisible and fill the file. */
const NARROWEST = 1.2
const LETTER = 6.4

interface Frame {
  readonly node: FlameNode
  readonly left: number
  readonly width: number
  readonly depth: number
}

function layOut(root: FlameNode): Frame[] {
  const frames: Frame[] = []
  const place = (node: FlameNode, left: number, width: number, depth: number): void => {
    if (width < NARROWEST || depth >= DEPTH_MAX) return
    frames.push({ node, left, width, depth })
    let at = left
    for (const child of [...node.children].sort((a, b) => b.value - a.value)) {
      const share = node.value > 0 ? (child.value / node.value) * width : 0
      place(child, at, share, depth + 1)
      at += share
    }
  }
  place(root, 0, WIDTH, 0)
  return frames
}

/** Warm hues by name, so that a function keeps its color; red and blue if profiles are compared. */
function fill(node: FlameNode, compared: boolean): string {
  if (compared) {
    const change = (node.delta ?? 0) / Math.max(node.value, 1)
    const lightness = Math.round(88 - 38 * Math.min(1, Math.abs(change) * 2))
    return `hsl(${change > 0 ? 8 : 215} 75% ${lightness}%)`
  }
  let hash = 0
  for (const letter of node.name) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0
  return `hsl(${24 + (hash % 30)} 80% ${62 + ((hash >>> 8) % 14)}%)`
}

function isCompared(node: FlameNode): boolean {
  return node.delta !== undefined || node.children.some(isCompared)
}

/** Draws a profile, the root on top, callees below their callers, widest first. */
export function drawFlameGraph(chart: FlameGraph, id: string): Markup {
  const frames = layOut(chart.root)
  const compared = isCompared(chart.root)
  const depth = Math.max(...frames.map((frame) => frame.depth), 0) + 1
  const unit = chart.unit === 'bytes' ? 'bytes' : 'count'
  const total = Math.max(chart.root.value, 1)
  const drawn = frames.map(({ node, left, width, depth: row }) => {
    const letters = Math.floor((width - 6) / LETTER)
    const name = node.name.length <= letters ? node.name : `${node.name.slice(0, letters - 1)}…`
    const change = node.delta === undefined ? '' : `, change ${formatQuantity(node.delta, unit)}`
    const share = formatQuantity(node.value / total, 'share')
    return markup`<g><title>${node.name}: ${formatQuantity(node.value, unit)}, ${share}${change}</title><rect x="${coordinate(left)}" y="${row * ROW}" width="${coordinate(width - 0.6)}" height="${ROW - 1}" fill="${fill(node, compared)}"/>${letters >= 3 && markup`<text class="frame" x="${coordinate(left + 3)}" y="${row * ROW + 13}">${name}</text>`}</g>`
  })
  return drawing(id, { width: WIDTH, height: depth * ROW }, chart.title, chart.caption, drawn)
}
