import type { FamilySnapshot, MetricsSnapshot, SeriesSnapshot } from './snapshot.ts'

/** The media type of the Prometheus text format that {@link renderSnapshot} writes. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Renders a snapshot in the Prometheus text exposition format 0.0.4. Families without series are left out, so that
 * every HELP line is followed by samples.
 */
export function renderSnapshot(snapshot: MetricsSnapshot): string {
  return snapshot.families
    .filter((family) => family.series.length > 0)
    .map(renderFamily)
    .join('')
}

function renderFamily(family: FamilySnapshot): string {
  const render = family.type === 'histogram' ? renderHistogram : renderScalar
  return [
    `# HELP ${family.name} ${escapeHelp(family.help)}\n`,
    `# TYPE ${family.name} ${family.type}\n`,
    ...family.series.map((series) => render(family, series)),
  ].join('')
}

function renderScalar(family: FamilySnapshot, series: SeriesSnapshot): string {
  return sample(family.name, labelPairs(family, series), series.numbers[0] ?? 0)
}

function renderHistogram(family: FamilySnapshot, series: SeriesSnapshot): string {
  const pairs = labelPairs(family, series)
  const bounds = [...(family.bounds ?? []), Infinity]
  let cumulated = 0
  const buckets = bounds.map((bound, bucket) => {
    cumulated += series.numbers[bucket] ?? 0
    return sample(`${family.name}_bucket`, [...pairs, `le="${formatNumber(bound)}"`], cumulated)
  })
  return [
    ...buckets,
    sample(`${family.name}_sum`, pairs, series.numbers[bounds.length] ?? 0),
    sample(`${family.name}_count`, pairs, cumulated),
  ].join('')
}

function labelPairs(family: FamilySnapshot, series: SeriesSnapshot): readonly string[] {
  return family.labels.map((label, at) => `${label}="${escapeLabel(series.values[at] ?? '')}"`)
}

function sample(name: string, pairs: readonly string[], value: number): string {
  const labels = pairs.length === 0 ? '' : `{${pairs.join(',')}}`
  return `${name}${labels} ${formatNumber(value)}\n`
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')
