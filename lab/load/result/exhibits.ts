import type { Exhibit, HeatMap, LineChart, Point, Span, Table } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { histogramFrom, supportedQuantile, valuesNeeded } from '../../histogram/index.ts'
import { mergeStored } from './merge.ts'
import type { LoadResult, WindowData } from './result.ts'
import type { LoadSummary } from './summary.ts'

const CURVE = [
  0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995,
  0.998, 0.999, 0.9995, 0.9999, 0.99999,
]
const COLUMNS_MAX = 120
const HEAT_ROWS_PER_DECADE = 4

const SECONDS = { label: 'time', unit: 'seconds' } as const
const LATENCY = { label: 'latency', unit: 'milliseconds', scale: 'log' } as const

/** The exhibits of a load: percentile curve, course over time, heat map, requests, failures. */
export function loadExhibits(
  result: LoadResult,
  summary: LoadSummary,
  levels: LineChart['levels'] = [],
): Exhibit[] {
  return [
    percentileCurve(summary, levels),
    ...timeline(result),
    ...heatMap(result),
    requestTable(result),
    ...failureTable(result),
  ]
}

/** Response and service time by percentile, as far as the sample supports it. */
function percentileCurve(summary: LoadSummary, levels: LineChart['levels'] = []): LineChart {
  const curve = (histogram: Histogram): Point[] =>
    CURVE.filter((share) => histogram.count >= valuesNeeded(share)).map((share) => [
      share,
      Math.max(1, histogram.quantile(share)) / 1000,
    ])
  return {
    kind: 'lines',
    id: 'percentiles',
    title: 'Latency by percentile',
    caption:
      'Response time counts from the planned moment, service time from the sent one; where they part, requests waited to be sent.',
    x: { label: 'percentile', unit: 'share', scale: 'percentile' },
    y: LATENCY,
    series: [
      { label: 'response', points: curve(summary.response) },
      { label: 'service', points: curve(summary.service) },
    ],
    levels,
  }
}

interface Column {
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly planned: number
  readonly completed: number
  readonly failed: number
  readonly response: Histogram
}

/** Windows, merged until they fit on a page. */
function columnsOf(result: LoadResult): Column[] {
  const { windows, windowMs } = result
  const end = Math.ceil(Math.min(result.durationMs, result.elapsedMs) / windowMs)
  const used = windows.slice(0, end)
  const per = Math.max(1, Math.ceil(used.length / COLUMNS_MAX))
  return Array.from({ length: Math.ceil(used.length / per) }, (_, at) => {
    const part = used.slice(at * per, (at + 1) * per)
    const sum = (of: (window: WindowData) => number): number =>
      part.reduce((total, window) => total + of(window), 0)
    return {
      fromSeconds: (at * per * windowMs) / 1000,
      toSeconds: (Math.min(used.length, (at + 1) * per) * windowMs) / 1000,
      planned: sum(({ planned }) => planned),
      completed: sum(({ completed }) => completed),
      failed: sum(({ failed }) => failed),
      response: mergeStored(part.map(({ response }) => response)),
    }
  })
}

const warmUpSpan = ({ warmUpMs }: LoadResult): Span[] =>
  warmUpMs > 0 ? [{ label: 'warm-up', from: 0, to: warmUpMs / 1000 }] : []

function timeline(result: LoadResult): LineChart[] {
  const columns = columnsOf(result)
  if (columns.length < 2) return []
  const points = (of: (column: Column) => number): Point[] =>
    columns.map((column) => [(column.fromSeconds + column.toSeconds) / 2, of(column)])
  const perSecond = (of: (column: Column) => number) => (column: Column) =>
    of(column) / (column.toSeconds - column.fromSeconds)
  const quantile = (share: number): Point[] =>
    columns.flatMap((column): Point[] =>
      supportedQuantile(column.response, Math.min(share, 0.9)).valueUs === null
        ? []
        : [
            [
              (column.fromSeconds + column.toSeconds) / 2,
              Math.max(1, column.response.quantile(share)) / 1000,
            ],
          ],
    )
  const spans = warmUpSpan(result)
  return [
    {
      kind: 'lines',
      id: 'rate-over-time',
      title: 'Rate over time',
      caption: 'Requests by when they were planned, good answers by when they came.',
      x: SECONDS,
      y: { label: 'requests', unit: 'per-second' },
      series: [
        { label: 'planned', points: points(perSecond(({ planned }) => planned)) },
        { label: 'answered', points: points(perSecond(({ completed }) => completed)) },
        { label: 'failed', points: points(perSecond(({ failed }) => failed)) },
      ],
      spans,
    },
    {
      kind: 'lines',
      id: 'latency-over-time',
      title: 'Response time over time',
      caption:
        'By the moment at which a request was planned; each point from the counts of its time.',
      x: SECONDS,
      y: LATENCY,
      series: [
        { label: 'median', points: quantile(0.5) },
        { label: 'p90', points: quantile(0.9) },
      ],
      spans,
    },
  ]
}

function heatMap(result: LoadResult): HeatMap[] {
  const columns = columnsOf(result)
  const whole = mergeStored(result.windows.map(({ response }) => response))
  if (columns.length < 4 || whole.count === 0) return []
  const step = 10 ** (1 / HEAT_ROWS_PER_DECADE)
  const edgesUs = [Math.max(1, whole.minUs * 0.99)]
  while (edgesUs.at(-1)! <= whole.maxUs) edgesUs.push(edgesUs.at(-1)! * step)
  return [
    {
      kind: 'heat-map',
      id: 'latency-heat',
      title: 'Response times over time',
      caption:
        'Each column is a stretch of the run, each row a step of latency; darker holds more requests.',
      x: SECONDS,
      y: LATENCY,
      columnEdges: [...columns.map(({ fromSeconds }) => fromSeconds), columns.at(-1)!.toSeconds],
      rowEdges: edgesUs.map((us) => us / 1000),
      counts: columns.map(({ response }) => countsBetween(response, edgesUs)),
      spans: warmUpSpan(result),
    },
  ]
}

function countsBetween(histogram: Histogram, edgesUs: readonly number[]): number[] {
  const counts = edgesUs.slice(1).map(() => 0)
  for (const { lowestUs, highestUs, count } of histogram.cells()) {
    const middle = (lowestUs + highestUs) / 2
    const row = edgesUs.findLastIndex((edge) => edge <= middle)
    const place = Math.min(Math.max(row, 0), counts.length - 1)
    counts[place] = counts[place]! + count
  }
  return counts
}

function requestTable({ requests, requestNames }: LoadResult): Table {
  return {
    kind: 'table',
    id: 'requests',
    title: 'By request',
    caption:
      'What became of each request of the scenario; percentiles where the sample supports them.',
    columns: [
      { label: 'request' },
      { label: 'planned', unit: 'count' },
      { label: 'failed', unit: 'count' },
      { label: 'median', unit: 'milliseconds' },
      { label: 'p99', unit: 'milliseconds' },
    ],
    rows: requests.map((request, at) => {
      const response = histogramFrom(request.response)
      const quantile = (share: number): number | null => {
        const { valueUs } = supportedQuantile(response, share)
        return valueUs === null ? null : valueUs / 1000
      }
      return [
        requestNames[at] ?? '',
        request.planned,
        request.failed,
        quantile(0.5),
        quantile(0.99),
      ]
    }),
  }
}

function failureTable({ failures }: LoadResult): Table[] {
  const kinds = Object.entries(failures).toSorted(([, a], [, b]) => b - a)
  if (kinds.length === 0) return []
  return [
    {
      kind: 'table',
      id: 'failures',
      title: 'Failures by kind',
      caption: 'Whatever was planned and got no answer as it must be.',
      columns: [{ label: 'kind' }, { label: 'requests', unit: 'count' }],
      rows: kinds,
    },
  ]
}
