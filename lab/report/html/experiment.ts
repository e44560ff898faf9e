import type { ExperimentRecord, Figure } from '../../core/index.ts'
import { formatInterval, formatQuantity, formatValue } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { badge } from './badge.ts'
import { dataTable } from './data-table.ts'
import { renderExhibit } from './exhibit.ts'

function row(figure: Figure): readonly (string | number | null)[] {
  return [
    figure.label,
    formatValue(figure),
    figure.interval === undefined || figure.value === null
      ? '–'
      : formatInterval(figure.interval, figure.unit),
    figure.sampleSize ?? null,
  ]
}

/** Anchor of an experiment, which also distinguishes two of one kind. */
export function anchorOf(record: ExperimentRecord, index: number): string {
  return `experiment-${index + 1}-${record.kind.replace(/[^\w-]/g, '-')}`
}

/** One experiment: verdict, figures, charts, notes, how to repeat it. */
export function renderExperiment(record: ExperimentRecord, index: number): Markup {
  const id = anchorOf(record, index)
  const { judgement, figures, exhibits, notes } = record.outcome
  const columns = [
    { label: 'figure' },
    { label: 'value' },
    { label: 'interval' },
    { label: 'n', unit: 'count' },
  ] as const
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${record.title} ${badge(judgement.verdict)}</h2><p>${judgement.reason}</p>${
    figures.length > 0 && dataTable({ columns, rows: figures.map(row) }, `${record.title}: figures`)
  }${exhibits.map((exhibit) => renderExhibit(exhibit, id))}${
    notes.length > 0 &&
    markup`<h3>To know</h3><ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>`
  }<p class="soft">Took ${formatQuantity(record.durationMs, 'milliseconds')}. To repeat it:</p><pre><code>${record.command}</code></pre></section>`
}
