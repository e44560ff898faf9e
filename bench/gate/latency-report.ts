import type { Finding, Report } from './finding.ts'
import { renderEstimate, renderFinding } from './finding.ts'
import { RATE_PER_SECOND } from './latency-arms.ts'
import type { LatencyRow, Times } from './latency-rows.ts'
import type { Options } from './options.ts'
import type { Verdict } from './statistics.ts'
import { verdictOf } from './statistics.ts'

const ADDED_P99_MS_MAX = 0.2

/** What was measured. */
export interface LatencyResult {
  /** The second bare server. */
  readonly again: LatencyRow
  readonly gate: LatencyRow
  /** Whether the processor of the servers was kept from halting. */
  readonly isKeptAwake: boolean
}

/** Says whether the gate adds little enough, or why that cannot be said. */
export function judgeLatency({ again, gate }: Pick<LatencyResult, 'again' | 'gate'>): {
  readonly verdict: Verdict
  readonly doubt?: string
} {
  const unsure = (doubt: string) => ({ verdict: 'UNSURE' as const, doubt })
  if (gate.isSpoilt || again.isSpoilt) {
    return unsure('Most blocks had to be left out: all are shown, and nothing is judged.')
  }
  if (gate.dropsOften) {
    return unsure(
      'The audit log dropped records in too many blocks: nothing is judged without them.',
    )
  }
  const { low, high } = again.addedP99Ms
  const noiseMs = Math.max(-low, high)
  if (noiseMs > ADDED_P99_MS_MAX) {
    return unsure(`A/A differs by up to ${noiseMs.toFixed(3)} ms: noise hides the answer.`)
  }
  return { verdict: verdictOf(gate.addedP99Ms, ADDED_P99_MS_MAX, 'below') }
}

/** The table, the verdict, and the same as data. */
export function reportLatency(result: LatencyResult, options: Options, isPinned: boolean): Report {
  const { again, gate, isKeptAwake } = result
  const rows = [again, gate]
  const { verdict, doubt } = judgeLatency(result)
  const finding: Finding = {
    what: `milliseconds added to p99, ${gate.arm.title}`,
    value: gate.addedP99Ms,
    bound: ADDED_P99_MS_MAX,
    wants: 'below',
    verdict,
  }
  const notes = [
    ...(isPinned ? [] : ['The processes are not pinned to processors.']),
    ...(isKeptAwake ? [] : ['The processor of the servers was not kept from halting.']),
    ...rows.map(disturbanceOf).filter((note) => note !== undefined),
    ...rows.map(lossOf).filter((note) => note !== undefined),
    `audit log: ${gate.records.written} records written, ${gate.records.dropped} dropped`,
    ...(doubt === undefined ? [] : [doubt]),
  ]
  const lines = [
    `${RATE_PER_SECOND} requests a second from the planned moment, a process for each arm, ${options.keys} keys, ` +
      `${options.blocks} blocks of 4 slices of ${options.sliceMs} ms; ms, with 95 % intervals`,
    ...notes,
    '',
    `${'arm'.padEnd(24)} ${'added to p50'.padEnd(22)} ${'added to p99'.padEnd(22)} ${'to p99 of a slice'.padEnd(22)}` +
      '    p50    p99 missed    p50    p99 missed, bare',
    ...rows.map(renderRow),
    '',
    renderFinding(finding),
  ]
  return {
    lines,
    findings: [finding],
    data: { notes, again, gate },
  }
}

function disturbanceOf({ arm, left, blocks, disturbed }: LatencyRow): string | undefined {
  const { own, base, slices } = disturbed
  if (own + base === 0) return undefined
  return (
    `${arm.name}: other work disturbed ${own} of ${slices} slices, and ${base} of the bare server; they are left out, ` +
    `and with them ${left} of ${blocks} blocks.`
  )
}

function lossOf({ arm, dropping, blocks, records }: LatencyRow): string | undefined {
  if (dropping === 0) return undefined
  return (
    `${arm.name}: ${dropping} of ${blocks} blocks were left out: the audit log dropped records in them ` +
    `(${records.dropped} of ${records.written + records.dropped}).`
  )
}

function renderRow(row: LatencyRow): string {
  const times = ({ p50Ms, p99Ms, missed }: Times): string =>
    `${p50Ms.toFixed(3).padStart(6)} ${p99Ms.toFixed(3).padStart(6)} ${(100 * missed).toFixed(1).padStart(5)}%`
  const added = [row.addedP50Ms, row.addedP99Ms, row.typicalP99Ms]
  return [
    row.arm.title.padEnd(24),
    ...added.map((value) => renderEstimate(value).padEnd(22)),
    times(row.own),
    times(row.base),
  ].join(' ')
}
