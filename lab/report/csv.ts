import type { LabRecord } from '../core/index.ts'

const HEAD = [
  'experiment',
  'verdict',
  'figure',
  'label',
  'unit',
  'value',
  'low',
  'high',
  'confidence',
  'sample_size',
  'insufficient',
] as const

/** A field by RFC 4180; one that a spreadsheet would take for a formula gets an apostrophe. */
function field(value: string | number | undefined | null): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

/** Every figure of the record at full precision, a line each (RFC 4180, with a header). */
export function renderCsv(record: LabRecord): string {
  const lines = record.experiments.flatMap(({ kind, outcome }) =>
    outcome.figures.map((figure) => [
      kind,
      outcome.judgement.verdict,
      figure.name,
      figure.label,
      figure.unit,
      figure.value,
      figure.interval?.low,
      figure.interval?.high,
      figure.interval?.confidence,
      figure.sampleSize,
      figure.insufficient,
    ]),
  )
  return [HEAD, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('')
}
