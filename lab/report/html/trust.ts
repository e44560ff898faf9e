import type { ExperimentRecord, LabRecord, Trust } from '../../core/index.ts'
import { formatNumber, formatQuantity } from '../../core/index.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { dataTable } from './data-table.ts'

const GRADES: Readonly<Record<Trust['grade'], string>> = {
  quiet: 'quiet: nothing else of weight ran',
  noisy: 'noisy: other work took part of the machine; intervals are wider for it',
  unusable: 'unusable: too much else was going on to measure',
}

function discarded(trust: Trust): string {
  if (trust.discarded.length === 0) return 'nothing'
  return trust.discarded.map(({ reason, count }) => `${formatNumber(count)} × ${reason}`).join('; ')
}

function row({ title, trust }: ExperimentRecord): readonly (string | number | null)[] {
  return [
    title,
    trust.grade,
    trust.foreignCores,
    trust.cpuPressure,
    trust.lagP99Ms,
    trust.generatorCores,
    trust.floor,
    discarded(trust),
  ]
}

const COLUMNS = [
  { label: 'experiment' },
  { label: 'noise' },
  { label: 'foreign cores', unit: 'ratio' },
  { label: 'CPU pressure', unit: 'share' },
  { label: 'lag p99', unit: 'milliseconds' },
  { label: 'generator cores', unit: 'ratio' },
  { label: 'A/A floor', unit: 'share' },
  { label: 'discarded' },
] as const

/** What a reader needs in order to decide whether to trust the figures. */
export function renderTrust(record: LabRecord): Markup {
  const { fingerprint, versions, experiments } = record
  const grades = new Set(experiments.map(({ trust }) => trust.grade))
  const warnings = [...new Set(experiments.flatMap(({ trust }) => trust.warnings))]
  return markup`<section aria-labelledby="trust"><h2 id="trust">Can you trust this?</h2><ul>${[
    ...grades,
  ].map((grade) => markup`<li>The machine was ${GRADES[grade]}.</li>`)}${warnings.map(
    (warning) => markup`<li>${warning}</li>`,
  )}</ul><p class="soft">${fingerprint.cpuModel}, ${fingerprint.cores} cores, ${formatQuantity(
    fingerprint.memoryBytes,
    'bytes',
  )}, ${fingerprint.kernel} ${fingerprint.architecture}, ${fingerprint.virtualization}, ${
    fingerprint.runtime
  }; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.</p>${dataTable(
    { columns: COLUMNS, rows: experiments.map(row) },
    'Trust, experiment by experiment',
  )}<p class="soft">A dash means that it was not measured, which is no better than bad.</p></section>`
}
