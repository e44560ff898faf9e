import type { Exhibit } from '../../core/index.ts'
import {
  drawFlameGraph,
  drawForest,
  drawHeatMap,
  drawLines,
  drawWaterfall,
} from '../charts/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { contentOf, dataTable } from './data-table.ts'

function draw(exhibit: Exhibit, id: string): Markup | null {
  switch (exhibit.kind) {
    case 'flame-graph':
      return drawFlameGraph(exhibit, id)
    case 'forest':
      return drawForest(exhibit, id)
    case 'heat-map':
      return drawHeatMap(exhibit, id)
    case 'lines':
      return drawLines(exhibit, id)
    case 'waterfall':
      return drawWaterfall(exhibit, id)
    case 'table':
    default:
      return null
  }
}

/** A chart with its caption and its numbers (collapsed), or a table. */
export function renderExhibit(exhibit: Exhibit, prefix: string): Markup {
  const id = `${prefix}-${exhibit.id.replace(/[^\w-]/g, '-')}`
  const drawn = draw(exhibit, id)
  const content = contentOf(exhibit)
  const table = content !== null && dataTable(content, `${exhibit.title}: data`)
  const plot =
    drawn !== null &&
    markup`<div class="scroll" tabindex="0" role="group" aria-label="${exhibit.title}">${drawn}</div>`
  return markup`<figure id="${id}-figure"><figcaption><h3>${exhibit.title}</h3><p>${exhibit.caption}</p></figcaption>${plot}${
    drawn === null || table === false
      ? table
      : markup`<details><summary>The numbers</summary>${table}</details>`
  }</figure>`
}
