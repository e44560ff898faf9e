import { armNamed } from './arms.ts'
import { DISCARD_MS, openBench } from './bench.ts'
import type { Server } from './child.ts'
import type { ClosedLoop } from './closed-loop.ts'
import type { Finding, Report } from './finding.ts'
import { renderFinding } from './finding.ts'
import type { AuditCounts } from './messages.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { median, theilSenSlope, verdictOf } from './statistics.ts'

/** Share at the start of a run in which memory settles, which is left out. */
const SETTLING_SHARE = 0.2
const READING_EVERY_MS = 2000
/** With a fixed rate, requests are sent in portions at this interval. */
const SHARE_EVERY_MS = 50
/**
 * Indexes of the audit log are kept in memory up to a bound (`audit.indexMemory`), and fill it at 33
 * bytes per record. A bound that is reached while memory settles shows whether anything else grows.
 */
const INDEX_BYTES = 4 * 1024 * 1024
/** Growth over the run, as a share of the level, that still counts as flat. */
const GROWTH_MAX = 0.02

/** A reading: seconds since the start, resident memory and heap in bytes. */
type Point = readonly [seconds: number, residentBytes: number, heapBytes: number]

/** The readings of a soak. */
interface Soak {
  readonly points: readonly Point[]
  readonly requests: number
  readonly records: AuditCounts
}

/** Memory under full load for a while. */
export async function measureSoak(options: Options): Promise<Report> {
  const arm = armNamed('all')
  const bench = await openBench([arm], { ...options, indexBytes: INDEX_BYTES })
  try {
    const soak = await bench.alone(arm, async (server) => soakOf(server, bench.loop(arm), options))
    return reportOf(soak, options.soakSeconds)
  } finally {
    await bench.close()
  }
}

async function soakOf(server: Server, loop: ClosedLoop, options: Options): Promise<Soak> {
  const points: Point[] = []
  let requests = 0
  const before = await server.drain()
  const startMs = performance.now()
  const elapsed = (): number => (performance.now() - startMs) / 1000
  while (elapsed() < options.soakSeconds) {
    requests += await load(loop, options.soakRate)
    const { residentBytes, heapBytes } = await server.memory()
    points.push([elapsed(), residentBytes, heapBytes])
    progress(`${elapsed().toFixed(0)} s, ${(residentBytes / 1e6).toFixed(0)} MB`)
  }
  const after = await server.drain()
  const written = after.written - before.written
  return { points, requests, records: { written, dropped: after.dropped - before.dropped } }
}

/** Sends until the next reading; resolves with the number of requests. */
async function load(loop: ClosedLoop, rate: number | undefined): Promise<number> {
  if (rate === undefined) return (await loop.run(READING_EVERY_MS, DISCARD_MS)).requests
  const untilMs = performance.now() + READING_EVERY_MS
  const share = Math.ceil((rate * SHARE_EVERY_MS) / 1000)
  let sent = 0
  for (let nextMs = performance.now(); nextMs < untilMs; nextMs += SHARE_EVERY_MS) {
    await loop.some(share)
    sent += share
    await Bun.sleep(Math.max(0, nextMs + SHARE_EVERY_MS - performance.now()))
  }
  return sent
}

function reportOf({ points: all, requests, records }: Soak, seconds: number): Report {
  const points = all.slice(Math.floor(all.length * SETTLING_SHARE))
  const growthOf = (column: 1 | 2): number => {
    const slope = theilSenSlope(points.map((point) => [point[0], point[column]]))
    return (slope * seconds) / median(points.map((point) => point[column]))
  }
  const findings: Finding[] = (
    [
      ['resident memory', 1],
      ['heap', 2],
    ] as const
  ).map(([name, column]) => {
    const growth = growthOf(column)
    const value = { value: growth, low: growth, high: growth }
    const what = `growth of the ${name} over the run, as a share (Theil–Sen)`
    const verdict = verdictOf(value, GROWTH_MAX, 'below')
    return { what, value, bound: GROWTH_MAX, wants: 'below', verdict }
  })
  const resident = points.map(([, bytes]) => bytes / 1e6)
  const range = `${Math.min(...resident).toFixed(0)}–${Math.max(...resident).toFixed(0)} MB`
  return {
    lines: [
      `${seconds} s, ${requests} requests measured, resident memory ${range}`,
      `audit log: ${records.written} records written, ${records.dropped} dropped`,
      ...findings.map(renderFinding),
    ],
    findings,
    data: { seconds, requests, records, points },
  }
}
