import type { LayerVerdict } from '../admin/index.ts'
import { formatDuration, renderTable } from './table.ts'

const BAR_MIN = 10
const BAR_MAX = 40
const TABLE_COLUMNS = 60

/** Draws layers one below another; each bar begins where the one before ends. */
export function renderWaterfall(
  layers: readonly LayerVerdict[],
  options: { readonly color: boolean; readonly columns: number },
): string {
  const totalNs = layers.reduce((sum, layer) => sum + layer.durationNs, 0)
  const width = Math.max(BAR_MIN, Math.min(BAR_MAX, options.columns - TABLE_COLUMNS))
  let beforeNs = 0
  const rows = layers.map((layer) => {
    const scale = totalNs === 0 ? 0 : width / totalNs
    const start = Math.min(width - 1, Math.floor(beforeNs * scale))
    const length = Math.max(1, Math.round(layer.durationNs * scale))
    beforeNs += layer.durationNs
    return {
      layer: layer.layer,
      verdict: layer.verdict,
      rule: layer.rule ?? '-',
      time: formatDuration(layer.durationNs),
      share: `${' '.repeat(start)}${'█'.repeat(Math.min(length, width - start))}`,
    }
  })
  const columns = ['layer', 'verdict', 'rule', 'time', 'share'].map((name) => ({
    heading: name,
    field: name,
  }))
  return renderTable(rows, columns, { color: options.color, aligned: true })
}
