import { measureBlock, shuffled } from './abba.ts'
import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import { openBench } from './bench.ts'
import type { Finding, Report } from './finding.ts'
import { renderFinding } from './finding.ts'
import type { Latencies, OpenLoop } from './open-loop.ts'
import { createOpenLoop } from './open-loop.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'
import type { Estimate } from './statistics.ts'
import { estimate, median, quantile, verdictOf } from './statistics.ts'

const RATE_PER_SECOND = 10_000
const CONNECTIONS = 256
const SLICE_SECONDS = 1
const DISCARD_MS = 200
const ADDED_P99_MS_MAX = 0.2
/** A generator that is later than this measures itself. */
const LAG_P99_MS_MAX = 5
const CONTENDERS = ['aa', 'all'] as const

/** p50 and p99 at a fixed rate, and what the gate adds to them. */
export async function measureLatency(options: Options): Promise<Report> {
  const arms = ['bare', ...CONTENDERS].map(armNamed)
  const bench = await openBench(arms, options)
  const requests = prepareRequests('post', bench.server.keys)
  const loops = new Map<Arm, OpenLoop>()
  const slices = new Map<Arm, Latencies[]>(arms.map((arm) => [arm, []]))
  const added = new Map<Arm, { p50: number[]; p99: number[] }>()
  try {
    for (const arm of arms) {
      const { server } = bench
      loops.set(arm, await createOpenLoop(server, arm.name, requests, RATE_PER_SECOND, CONNECTIONS))
      added.set(arm, { p50: [], p99: [] })
    }
    const slice = (arm: Arm) => async () => {
      const latencies = await loops.get(arm)!.run(SLICE_SECONDS, DISCARD_MS)
      slices.get(arm)?.push(latencies)
      return latencies
    }
    for (let round = 1; round <= options.blocks; round++) {
      progress(`block ${round} of ${options.blocks}`)
      for (const arm of shuffled(arms.slice(1), bench.random)) {
        const block = await measureBlock(slice(arms[0]!), slice(arm), bench.random)
        for (const [name, q] of [
          ['p50', 0.5],
          ['p99', 0.99],
        ] as const) {
          const of = (side: readonly Latencies[]): number =>
            median(side.map(({ response }) => quantile(response, q)))
          added.get(arm)?.[name].push(of(block.arm) - of(block.base))
        }
      }
    }
    const rows = arms.map((arm): Row => {
      const { p50, p99 } = added.get(arm)!
      return {
        arm,
        times: summarize(slices.get(arm) ?? []),
        addedP50Ms: p50.length === 0 ? ZERO : estimate(p50, bench.random),
        addedP99Ms: p99.length === 0 ? ZERO : estimate(p99, bench.random),
      }
    })
    return reportOf(rows)
  } finally {
    for (const loop of loops.values()) loop.close()
    await bench.close()
  }
}

const ZERO: Estimate = { value: 0, low: 0, high: 0 }

interface Row {
  readonly arm: Arm
  readonly times: Times
  readonly addedP50Ms: Estimate
  readonly addedP99Ms: Estimate
}

/** Medians over the slices. */
interface Times {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lagP50Ms: number
  readonly lagP99Ms: number
}

function summarize(slices: readonly Latencies[]): Times {
  const of = (kind: keyof Latencies, q: number): number =>
    median(slices.map((slice) => quantile(slice[kind], q)))
  return {
    p50Ms: of('response', 0.5),
    p99Ms: of('response', 0.99),
    lagP50Ms: of('lag', 0.5),
    lagP99Ms: of('lag', 0.99),
  }
}

function reportOf(rows: readonly Row[]): Report {
  const isLate = rows.some(({ times }) => times.lagP99Ms > LAG_P99_MS_MAX)
  const findings: Finding[] = rows
    .filter(({ arm }) => arm.name === 'all')
    .map(({ arm, addedP99Ms }) => ({
      what: `milliseconds added to p99, ${arm.title}`,
      value: addedP99Ms,
      bound: ADDED_P99_MS_MAX,
      wants: 'below',
      verdict: isLate ? 'UNSURE' : verdictOf(addedP99Ms, ADDED_P99_MS_MAX, 'below'),
    }))
  const ms = (value: number): string => value.toFixed(3).padStart(9)
  const lines = [
    `${RATE_PER_SECOND} requests a second, latency from the planned moment, medians of slices, ms`,
    '',
    `${'arm'.padEnd(38)}       p50       p99 added p50 added p99   lag p50   lag p99`,
    ...rows.map((row) =>
      [
        row.arm.title.padEnd(38),
        ...[row.times.p50Ms, row.times.p99Ms].map(ms),
        ...[row.addedP50Ms.value, row.addedP99Ms.value].map(ms),
        ...[row.times.lagP50Ms, row.times.lagP99Ms].map(ms),
      ].join(' '),
    ),
    '',
    ...(isLate ? ['The generator was late: other work on the machine hides the answer.'] : []),
    ...findings.map(renderFinding),
  ]
  return { lines, findings, data: { rows: rows.map(({ arm, ...row }) => ({ ...row, ...arm })) } }
}
