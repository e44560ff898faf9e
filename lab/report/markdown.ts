import type { ClaimRecord, ExperimentRecord, LabRecord, Table } from '../core/index.ts'
import { formatInterval, formatNumber, formatQuantity, formatValue } from '../core/index.ts'

/** Control characters, which a terminal would obey. */
const CONTROL = /(?![\n\t])\p{Cc}/gu

/** Text in a cell: one line, escaped so that nothing is taken for Markdown or HTML. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(CONTROL, '\uFFFD')
    .replace(/[\\|*_`[\]]/g, String.raw`\$&`)
    .replace(/</g, '&lt;')
    .trim()
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return `${[line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')}\n`
}

function renderClaims(claims: readonly ClaimRecord[], group: string, title: string): string {
  const rows = claims
    .filter((claim) => claim.group === group)
    .map((claim) => [
      claim.status.toUpperCase(),
      claim.text,
      claim.budget,
      claim.measured,
      claim.reason,
    ])
  if (rows.length === 0) return ''
  return `## ${title}\n\n${table(['status', 'claim', 'budget', 'measured', 'why'], rows)}\n`
}

function renderTable(exhibit: Table): string {
  const rows = exhibit.rows.map((row) =>
    row.map((value, at) =>
      typeof value === 'number'
        ? formatQuantity(value, exhibit.columns[at]?.unit ?? 'count')
        : (value ?? '–'),
    ),
  )
  return `### ${cell(exhibit.title)}\n\n${table(
    exhibit.columns.map(({ label }) => label),
    rows,
  )}\n`
}

function renderExperiment(record: ExperimentRecord): string {
  const { judgement, figures, exhibits, notes } = record.outcome
  const rows = figures.map((figure) => [
    figure.label,
    formatValue(figure),
    figure.interval === undefined || figure.value === null
      ? '–'
      : formatInterval(figure.interval, figure.unit),
    figure.sampleSize === undefined ? '–' : formatNumber(figure.sampleSize),
  ])
  return [
    `## ${cell(record.title)}: ${judgement.verdict.toUpperCase()}\n`,
    `${cell(judgement.reason)}\n`,
    table(['figure', 'value', 'interval', 'n'], rows),
    ...exhibits.filter((exhibit) => exhibit.kind === 'table').map(renderTable),
    ...(notes.length > 0 ? [`${notes.map((note) => `- ${cell(note)}`).join('\n')}\n`] : []),
    `Machine: ${record.trust.grade}. Repeat: \`${record.command.replace(/`/g, "'").replace(CONTROL, '\uFFFD')}\`\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** The report as Markdown, for a pull request or a terminal. */
export function renderMarkdown(record: LabRecord): string {
  const { fingerprint } = record
  const parts = [
    `# ${cell(record.title)}: ${record.judgement.verdict.toUpperCase()}\n\n${cell(record.judgement.reason)}\n`,
    `${cell(record.target === '' ? 'no common target' : record.target)}, ${record.startedAt}, seed ${record.seed}, ${cell(fingerprint.cpuModel)}, ${fingerprint.cores} cores\n`,
    renderClaims(record.claims, 'claim', 'Claims'),
    renderClaims(record.claims, 'checklist', 'Production checklist'),
    ...record.experiments.map(renderExperiment),
  ]
  return `${parts
    .filter((part) => part !== '')
    .join('\n')
    .trimEnd()}\n`
}
