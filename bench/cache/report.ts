import type { Estimate } from '../gate/statistics.ts'
import type { ColdRow, InFlightRow, StaleRow } from './flight.ts'
import type { HitRow } from './hits.ts'
import type { MemoryRow } from './memory.ts'
import type { RaceRow } from './race.ts'
import type { SpeedRow } from './speed.ts'

/** Everything that was measured; parts that were not requested are absent. */
export interface Report {
  readonly runtime: string
  readonly timerFloor: { readonly p50Ns: number; readonly p95Ns: number }
  readonly redis: string
  readonly hits?: readonly HitRow[]
  readonly speed?: readonly SpeedRow[]
  readonly inFlight?: readonly InFlightRow[]
  readonly cold?: readonly ColdRow[]
  readonly stale?: readonly StaleRow[]
  readonly memory?: readonly MemoryRow[]
  readonly race?: readonly RaceRow[]
}

const percent = (share: number): string => (share * 100).toFixed(1)
const nanoseconds = (ns: number): string =>
  ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(1)} µs`
const spread = ({ value, low, high }: Estimate): string =>
  `${nanoseconds(value)} (${nanoseconds(low)}–${nanoseconds(high)})`
const millions = (perSecond: number): string => (perSecond / 1e6).toFixed(2)
const interval = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

/** The report as Markdown tables. */
export function renderReport(report: Report): string {
  const { runtime, timerFloor, redis } = report
  const floor = `${nanoseconds(timerFloor.p50Ns)} p50, ${nanoseconds(timerFloor.p95Ns)} p95`
  return [
    `${runtime}. Reading the clock twice: ${floor}, included below. ${redis}`,
    section('Hit ratio, %', report.hits, [
      ['trace', (row) => row.trace],
      ['capacity', (row) => String(row.capacity)],
      ['tollgate', (row) => percent(row.tollgate)],
      ['lru-cache', (row) => percent(row.lruCache)],
      ['gain', (row) => percent(row.tollgate - row.lruCache)],
      ['best possible', (row) => percent(row.best)],
    ]),
    section('Speed: million operations a second, and latency of a hit', report.speed, [
      ['entries', (row) => String(row.entries)],
      ['cache', (row) => row.cache],
      ['hits', (row) => millions(row.hitsPerSecond)],
      ['get-or-set, Zipf 1.0', (row) => millions(row.getOrSetPerSecond)],
      ['of lru-cache (95 %)', (row) => interval(row.ratio)],
      ['p50', (row) => nanoseconds(row.latency.singleP50Ns.value)],
      ['p95 (95 %)', (row) => spread(row.latency.singleP95Ns)],
      ['p50 of 16', (row) => nanoseconds(row.latency.batchP50Ns.value)],
      ['p95 of 16 (95 %)', (row) => spread(row.latency.batchP95Ns)],
    ]),
    section('Readers in flight, a tenth writes, 10,000 entries', report.inFlight, [
      ['readers', (row) => String(row.readers)],
      ['cache', (row) => row.cache],
      ['operations/s', (row) => Math.round(row.perSecond).toLocaleString('en')],
      ['p50', (row) => nanoseconds(row.p50Ns)],
      ['p95', (row) => nanoseconds(row.p95Ns)],
    ]),
    section('A hundred ask for one cold key', report.cold, [
      ['cache', (row) => row.cache],
      ['loads', (row) => row.loads.toFixed(1)],
      ['until the last has it, in loads', (row) => row.loadTimes.toFixed(2)],
    ]),
    section('A stale entry while it is refreshed', report.stale, [
      ['cache', (row) => row.cache],
      ['p95', (row) => `${row.p95Ms.toFixed(3)} ms`],
    ]),
    section('Memory beyond key and value', report.memory, [
      ['cache', (row) => row.cache],
      ['entries', (row) => String(row.entries)],
      ['bytes an entry', (row) => row.bytesPerEntry.toFixed(0)],
    ]),
    section('Revoked while it was loaded', report.race, [
      ['cache', (row) => row.cache],
      ['invalidated by', (row) => row.by],
      ['rounds', (row) => String(row.rounds)],
      ['ALLOW to who asked after it (every second round)', (row) => String(row.staleJoined)],
      ['ALLOW kept', (row) => String(row.staleKept)],
    ]),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

type Column<Row> = readonly [title: string, cell: (row: Row) => string]

function section<Row>(
  title: string,
  rows: readonly Row[] | undefined,
  columns: readonly Column<Row>[],
): string {
  if (rows === undefined) return ''
  const cells = [
    columns.map(([name]) => name),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)))
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => text.padEnd(widths[at]!)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return [`## ${title}`, '', line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n')
}
