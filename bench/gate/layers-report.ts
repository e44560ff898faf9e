import { baselineOf } from './arms.ts'
import type { Finding, Report } from './finding.ts'
import { renderEstimate, renderFinding } from './finding.ts'
import type { Row, ThreadShare } from './layers-rows.ts'
import type { Options } from './options.ts'
import { verdictOf } from './statistics.ts'

const THREADS_SHOWN = 6

/**
 * The findings about targets: none if most blocks had to be left out, and none about throughput if the
 * servers were not at their limit.
 */
export function findingsOf({ arm, throughput, cpu, isSpoilt, isStarved }: Row): readonly Finding[] {
  const { target, title } = arm
  if (target === undefined) return []
  const first: Finding = {
    what: `throughput, ${title}`,
    value: throughput,
    bound: target.throughput,
    wants: 'above',
    verdict: isSpoilt || isStarved ? 'UNSURE' : verdictOf(throughput, target.throughput, 'above'),
  }
  if (target.cpu === undefined) return [first]
  const verdict = isSpoilt ? 'UNSURE' : verdictOf(cpu, target.cpu, 'below')
  const second = { what: `CPU per request, ${title}`, value: cpu, bound: target.cpu, verdict }
  return [first, { ...second, wants: 'below' }]
}

/** What was left out, and why. */
export function notesOf(rows: readonly Row[], isPinned: boolean): readonly string[] {
  const stalled = rows.reduce((sum, { left }) => sum + left.stalled, 0)
  const dropping = rows.filter(({ left }) => left.dropped > 0)
  const spoilt = rows.filter(({ isSpoilt }) => isSpoilt)
  const starved = rows.filter(({ arm, isStarved }) => isStarved && baselineOf(arm) !== arm)
  const names = (of: readonly Row[]): string => of.map(({ arm }) => arm.name).join(', ')
  return [
    ...(isPinned ? [] : ['The processes are not pinned to processors.']),
    ...(stalled === 0 ? [] : [`${stalled} blocks were left out: a slice in them had no answer.`]),
    ...dropping.map(
      ({ arm, left, dropped, requests }) =>
        `${arm.name}: ${left.dropped} blocks were left out: the audit log dropped records in them ` +
        `(${dropped} of ${requests} requests).`,
    ),
    ...(starved.length === 0
      ? []
      : [
          `The servers of ${names(starved)} had their processor for too little of the time: other work had it, ` +
            'or the generator was too slow. Nothing is said of throughput.',
        ]),
    ...(spoilt.length === 0
      ? []
      : [
          `Most blocks of ${names(spoilt)} had to be left out: all are shown, and nothing is judged.`,
        ]),
  ]
}

/** The table, the verdicts, and the same as data. */
export function reportLayers(rows: readonly Row[], options: Options, isPinned: boolean): Report {
  const findings = rows.flatMap(findingsOf)
  const notes = notesOf(rows, isPinned)
  const head = `${'arm'.padEnd(38)} ${'throughput ratio'.padEnd(21)} ${'CPU ratio'.padEnd(21)}`
  const lines = [
    `${options.keys} keys, a process for each arm, ${options.blocks} blocks of 4 slices of ` +
      `${options.sliceMs} ms; medians with 95 % intervals`,
    ...notes,
    '',
    `${head}  requests/s   CPU µs   busy   audit records`,
    ...rows.flatMap((row) => [renderRow(row), ...(options.threads ? renderThreads(row) : [])]),
    '',
    ...findings.map(renderFinding),
  ]
  return {
    lines,
    findings,
    data: { notes, rows: rows.map(({ arm, ...row }) => ({ ...row, ...arm })) },
  }
}

const renderRow = (row: Row): string =>
  [
    row.arm.title.padEnd(38),
    renderEstimate(row.throughput).padEnd(21),
    renderEstimate(row.cpu).padEnd(21),
    row.requestsPerSecond.toFixed(0).padStart(11),
    row.cpuUs.toFixed(2).padStart(8),
    row.busy.toFixed(2).padStart(6),
    row.written === 0 ? '' : `${row.written}, ${row.dropped} dropped`.padStart(15),
  ]
    .join(' ')
    .trimEnd()

function renderThreads({ threads }: Row): readonly string[] {
  const line = ({ group, us, userUs, systemUs }: ThreadShare): string =>
    `    ${group.padEnd(18)} ${us.toFixed(2).padStart(6)} µs: user ${userUs.toFixed(2)}, system ${systemUs.toFixed(2)}`
  const rest = threads.slice(THREADS_SHOWN)
  const sum = (figure: 'us' | 'userUs' | 'systemUs'): number =>
    rest.reduce((total, share) => total + share[figure], 0)
  const others = {
    group: 'others',
    us: sum('us'),
    userUs: sum('userUs'),
    systemUs: sum('systemUs'),
  }
  return [...threads.slice(0, THREADS_SHOWN), ...(rest.length === 0 ? [] : [others])].map(line)
}
