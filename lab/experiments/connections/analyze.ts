import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import type { LoadSummary } from '../../load/index.ts'
import { generatorDoubt, loadTrust, percentileFigure, summarizeLoad } from '../../load/index.ts'
import { theilSen, wilson } from '../../statistics/index.ts'
import type { ConnectionsRaw, Rung } from './measure.ts'
import type { ConnectionsOptions } from './options.ts'

const ERROR_RATE_MAX = 0.001

interface Climbed {
  readonly rung: Rung
  readonly summary: LoadSummary
  readonly status: 'doubtful' | 'failed' | 'held'
  readonly reason: string
}

/** Determines how many connections the server held, and what each of them cost. */
export function analyzeConnections(options: ConnectionsOptions, raw: ConnectionsRaw): Outcome {
  const climbed = raw.rungs.map((rung) => climb(rung, options))
  const top = climbed.findLast(({ status }) => status === 'held')
  return {
    judgement: judge(climbed),
    figures: figuresOf(climbed, top),
    exhibits: exhibitsOf(climbed),
    notes: [
      `Each connection belongs to a user who asks now and then: ${options.rate} requests a second over all of them.`,
      raw.pid === null
        ? 'The process behind the target was not found, so nothing is said of its memory.'
        : 'Memory is what the process behind the target and its children hold, before a step and while all connections are open.',
    ],
    trust: top === undefined ? {} : loadTrust(top.rung.result, top.summary),
  }
}

function climb(rung: Rung, { p99Ms }: ConnectionsOptions): Climbed {
  const { result, connections } = rung
  const summary = summarizeLoad(result)
  const base = { rung, summary }
  if (result.connectionsPeak < connections) {
    const reason = `only ${result.connectionsPeak} of ${connections} were open at once`
    return { ...base, status: 'failed', reason }
  }
  if (!(summary.errorRate < ERROR_RATE_MAX)) {
    const reason = `${summary.failed} of ${summary.planned} requests failed`
    return { ...base, status: 'failed', reason }
  }
  const us = summary.response.quantile(0.99)
  const isSlow = p99Ms !== null && us / 1000 >= p99Ms
  const doubt = isSlow ? generatorDoubt(result, summary) : undefined
  if (doubt !== undefined) return { ...base, status: 'doubtful', reason: doubt }
  const reason = `p99 ${(us / 1000).toFixed(2)} ms`
  return { ...base, status: isSlow ? 'failed' : 'held', reason }
}

function judge(climbed: readonly Climbed[]): Judgement {
  if (climbed.length === 0) return { verdict: 'inconclusive', reason: 'no step was taken' }
  const bad =
    climbed.find(({ status }) => status === 'failed') ??
    climbed.find(({ status }) => status === 'doubtful')
  if (bad === undefined) {
    const highest = Math.max(...climbed.map(({ rung }) => rung.connections))
    return {
      verdict: 'pass',
      reason: `${highest} connections were open at once and all of them served`,
    }
  }
  const reason = `at ${bad.rung.connections} connections: ${bad.reason}`
  return { verdict: bad.status === 'failed' ? 'fail' : 'inconclusive', reason }
}

/** Bytes for one more connection: the slope of memory over connections, from all steps together. */
function bytesPerConnection(climbed: readonly Climbed[]): { value: number | null; why: string } {
  const first = climbed.find(({ rung }) => rung.before !== null)?.rung.before
  const points = climbed.flatMap(({ rung, status }): [number, number][] =>
    rung.during === null || status === 'failed'
      ? []
      : [[rung.result.connectionsPeak, rung.during.residentBytes]],
  )
  if (first === null || first === undefined || points.length === 0) {
    return { value: null, why: 'the memory of the server could not be read' }
  }
  return { value: Math.max(0, theilSen([[0, first.residentBytes], ...points]).slope), why: '' }
}

function figuresOf(climbed: readonly Climbed[], top: Climbed | undefined): Figure[] {
  const { value: bytes, why } = bytesPerConnection(climbed)
  const highest = climbed.at(-1)
  return [
    {
      name: 'connections.held',
      label: 'connections held',
      unit: 'count',
      ...(top === undefined
        ? { value: null, insufficient: 'no step was held' }
        : { value: top.rung.connections }),
    },
    {
      name: 'memory.per-connection',
      label: 'memory for each connection',
      unit: 'bytes',
      sampleSize: climbed.length,
      ...(bytes === null ? { value: null, insufficient: why } : { value: bytes }),
    },
    ...(top === undefined
      ? []
      : [
          percentileFigure(
            top.summary.response,
            0.5,
            'response.p50',
            'response median at that step',
          ),
          percentileFigure(top.summary.response, 0.99, 'response.p99', 'response p99 at that step'),
        ]),
    ...(highest === undefined
      ? []
      : [
          {
            name: 'error_rate',
            label: 'failures at the highest step',
            unit: 'share' as const,
            value: highest.summary.errorRate,
            interval: wilson(highest.summary.failed, highest.summary.planned),
            sampleSize: highest.summary.planned,
          },
        ]),
  ]
}

function exhibitsOf(climbed: readonly Climbed[]): Exhibit[] {
  return climbed.length === 0
    ? []
    : [latencyChart(climbed), ...memoryChart(climbed), ladderTable(climbed)]
}

function latencyChart(climbed: readonly Climbed[]): Exhibit {
  const latency = (share: number) =>
    climbed.flatMap(({ rung, summary }) =>
      summary.response.count === 0
        ? []
        : [[rung.connections, Math.max(1, summary.response.quantile(share)) / 1000] as const],
    )
  return {
    kind: 'lines',
    id: 'latency-by-connections',
    title: 'Response time by connections',
    caption: 'The same rate over more and more open connections.',
    x: { label: 'connections', unit: 'count', scale: 'log' },
    y: { label: 'response', unit: 'milliseconds', scale: 'log' },
    series: [
      { label: 'median', points: latency(0.5), marks: true },
      { label: 'p99', points: latency(0.99), marks: true },
    ],
  }
}

/** A chart, if memory was read often enough for one. */
function memoryChart(climbed: readonly Climbed[]): Exhibit[] {
  const memory = climbed.flatMap(({ rung }) =>
    rung.during === null ? [] : [[rung.connections, rung.during.residentBytes] as const],
  )
  if (memory.length < 2) return []
  return [
    {
      kind: 'lines',
      id: 'memory-by-connections',
      title: 'Memory by connections',
      caption: 'What the server held while all connections of a step were open.',
      x: { label: 'connections', unit: 'count' },
      y: { label: 'resident memory', unit: 'bytes' },
      series: [{ label: 'resident', points: memory, marks: true }],
    },
  ]
}

const ladderTable = (climbed: readonly Climbed[]): Exhibit => ({
  kind: 'table',
  id: 'ladder',
  title: 'Steps of the ladder',
  caption:
    'Connections open at once, what became of the requests on them, and the memory of the server.',
  columns: [
    { label: 'connections', unit: 'count' },
    { label: 'open at once', unit: 'count' },
    { label: 'requests', unit: 'count' },
    { label: 'failed', unit: 'count' },
    { label: 'memory', unit: 'bytes' },
    { label: 'result' },
    { label: 'why' },
  ],
  rows: climbed.map(({ rung, summary, status, reason }) => [
    rung.connections,
    rung.result.connectionsPeak,
    summary.planned,
    summary.failed,
    rung.during?.residentBytes ?? null,
    status,
    reason,
  ]),
})
