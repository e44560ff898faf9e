import type { Figure, LabRecord, Table, Trust, Verdict } from '../core/index.ts'
import { formatInterval, formatQuantity, formatValue } from '../core/index.ts'

const COLOR: Readonly<Record<Verdict, number>> = { pass: 32, fail: 31, inconclusive: 33 }

/** The terminal summary of a record: the verdict, figures, tables, and how far to trust them. */
export function renderSummary(record: LabRecord, color: boolean): string {
  const paint = (code: number, text: string): string =>
    color ? `\u001B[${code}m${text}\u001B[0m` : text
  const blocks = record.experiments.map(({ title, outcome, trust }) => {
    const { judgement, figures, exhibits, notes } = outcome
    const verdict = paint(COLOR[judgement.verdict], judgement.verdict.toUpperCase())
    const tables = exhibits.filter((exhibit) => exhibit.kind === 'table').map(tableLines)
    return [
      `${paint(1, title)}: ${verdict}`,
      `  ${judgement.reason}`,
      '',
      ...figureLines(figures),
      ...tables.flat(),
      '',
      ...notes.map((note) => `  · ${note}`),
      ...trustLines(trust),
    ]
  })
  return `${blocks.flat().join('\n')}\n\nRepeat: ${record.command}\n`
}

function figureLines(figures: readonly Figure[]): readonly string[] {
  const width = Math.max(0, ...figures.map(({ label }) => label.length))
  return figures.map((figure) => `  ${figure.label.padEnd(width)}  ${showFigure(figure)}`)
}

function tableLines({ title, columns, rows }: Table): readonly string[] {
  const cells = rows.map((row) =>
    columns.map(({ unit }, index) => {
      const cell = row[index] ?? null
      if (cell === null) return '-'
      return typeof cell === 'number' ? formatQuantity(cell, unit ?? 'count') : cell
    }),
  )
  const heads = columns.map(({ label }) => label)
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const draw = (row: readonly string[]): string =>
    `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd()
  return ['', `  ${title}`, draw(heads), ...cells.map(draw)]
}

function trustLines(trust: Trust): readonly string[] {
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`
  const known = [
    trust.foreignCores === null ? '' : `other work ${trust.foreignCores.toFixed(2)} cores`,
    trust.cpuPressure === null ? '' : `waiting for a core ${share(trust.cpuPressure)}`,
    trust.lagP99Ms === null
      ? ''
      : `generator lag p99 ${formatQuantity(trust.lagP99Ms, 'milliseconds')}`,
    trust.generatorCores === null ? '' : `generator ${trust.generatorCores.toFixed(2)} cores`,
    trust.floor === null ? '' : `A/A floor ${share(trust.floor)}`,
  ].filter((part) => part !== '')
  return [
    `  Machine: ${trust.grade}${known.length === 0 ? '' : ` (${known.join(', ')})`}`,
    ...trust.discarded.map(({ reason, count }) => `  ! ${count} left out: ${reason}`),
    ...trust.warnings.map((warning) => `  ! ${warning}`),
  ]
}

function showFigure(figure: Figure): string {
  const shown = formatValue(figure)
  if (figure.interval === undefined || figure.value === null) return shown
  return `${shown}  [${formatInterval(figure.interval, figure.unit)}]`
}
