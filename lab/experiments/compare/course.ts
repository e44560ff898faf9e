import type { Exhibit, Point, Series } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import { findChangePoints } from '../../statistics/index.ts'
import type { History, HistoryRun } from './history.ts'
import { levelsOf } from './level.ts'
import type { MetricName } from './metrics.ts'
import { METRIC_NAMES, METRICS } from './metrics.ts'
import type { CompareRaw, CompareRun, SideRaw } from './raw.ts'

/** Percentiles measured at rates that differ by more than this do not belong to one series. */
const RATE_TOLERANCE = 0.02

/** An earlier run, or this one, for which it is not yet known how quiet the machine was. */
type Run = Pick<HistoryRun, 'levels' | 'name' | 'rate'> &
  Partial<Pick<HistoryRun, 'grade' | 'startedAt'>>

/** A point in the series from which a metric has another level. */
interface Change {
  readonly run: Run
  /** Of the first run after the change, counted from 1. */
  readonly number: number
  readonly before: number
  readonly after: number
  readonly p: number
}

/** A metric over all runs that have it. */
interface Course {
  readonly metric: MetricName
  readonly points: readonly Point[]
  readonly band: readonly (readonly [x: number, low: number, high: number])[]
  readonly changes: readonly Change[]
}

/** What earlier runs add to a comparison. */
export interface HistoryFindings {
  readonly exhibits: readonly Exhibit[]
  readonly notes: readonly string[]
}

/** Every metric over earlier runs and this one; nothing if there are none. */
export function historyFindings(history: History | undefined, raw: CompareRaw): HistoryFindings {
  const [run] = raw.runs
  if (history === undefined || history.runs.length === 0 || run === undefined) {
    return { exhibits: [], notes: [] }
  }
  const { rate } = raw
  const own: Run = { name: 'this run', rate, levels: levelsOf(ownBlocks(run)) }
  const runs = [...history.runs, own]
  const courses = METRIC_NAMES.map((metric) => courseOf(metric, runs, rate)).filter(
    ({ points }) => points.length > 1,
  )
  return {
    exhibits: [...courses.map(chartOf), tableOf(runs)],
    notes: courses.flatMap(({ metric, changes }) => changes.map((change) => say(metric, change))),
  }
}

/** Blocks of the server under test, without those of its baseline. */
export const ownBlocks = ({ pairs, blocks }: CompareRun): readonly SideRaw[] =>
  pairs.length === 0
    ? blocks
    : pairs.filter(({ kind }) => kind === 'candidate').map(({ other }) => other)

function courseOf(metric: MetricName, runs: readonly Run[], rate: number): Course {
  const isPercentile = metric === 'p50' || metric === 'p99'
  const told = runs.flatMap((run, at) => {
    const level = run.levels[metric]
    const isOther = isPercentile && Math.abs(run.rate / rate - 1) > RATE_TOLERANCE
    return level === null || isOther ? [] : [{ run, number: at + 1, level }]
  })
  // Logarithms, because changes are factors: the same for a fast server and a slow one.
  const changes = findChangePoints(told.map(({ level }) => Math.log(level.value)))
  return {
    metric,
    points: told.map(({ number, level }): Point => [number, level.value]),
    band: told.map(({ number, level: { interval } }) => [number, interval.low, interval.high]),
    changes: changes.flatMap(({ at, before, after, p }) => {
      const first = told[at]
      return first === undefined
        ? []
        : [{ ...first, before: Math.exp(before), after: Math.exp(after), p }]
    }),
  }
}

function chartOf({ metric, points, band, changes }: Course): Exhibit {
  const last = points.slice(-1)
  return {
    kind: 'lines',
    id: `history-${metric}`,
    title: `History: ${METRICS[metric]}`,
    caption:
      'Level of every run with its interval (95 %); this run is the last. Dashed is the level between changes.',
    x: { label: 'run', unit: 'count' },
    y: { label: METRICS[metric], unit: 'milliseconds' },
    series: [
      { label: 'runs', points, band, marks: true },
      { label: 'this run', points: last, marks: true },
      ...levelsBetween(points, changes),
    ],
  }
}

/** A step at every change; nothing if nothing changed. */
function levelsBetween(points: readonly Point[], changes: readonly Change[]): readonly Series[] {
  const [first, last] = [points[0]?.[0], points.at(-1)?.[0]]
  if (changes.length === 0 || first === undefined || last === undefined) return []
  const steps = changes.flatMap(({ number, before, after }): Point[] => [
    [number - 0.5, before],
    [number - 0.5, after],
  ])
  const ends: readonly Point[] = [
    [first, changes[0]!.before],
    ...steps,
    [last, changes.at(-1)!.after],
  ]
  return [{ label: 'level between changes', points: ends, dashed: true }]
}

function tableOf(runs: readonly Run[]): Exhibit {
  return {
    kind: 'table',
    id: 'history',
    title: 'Every run',
    caption: 'The oldest first. Percentiles were measured at the rate of their run.',
    columns: [
      { label: 'run', unit: 'count' },
      { label: 'record' },
      { label: 'begun' },
      { label: 'machine' },
      { label: 'rate', unit: 'per-second' },
      ...METRIC_NAMES.map((metric) => ({ label: METRICS[metric], unit: 'milliseconds' as const })),
    ],
    rows: runs.map(({ name, startedAt, grade, rate, levels }, at) => [
      at + 1,
      name,
      startedAt?.slice(0, 16).replace('T', ' ') ?? 'now',
      grade ?? '–',
      rate,
      ...METRIC_NAMES.map((metric) => levels[metric]?.value ?? null),
    ]),
  }
}

function say(metric: MetricName, { run, number, before, after, p }: Change): string {
  const ms = (value: number): string => formatQuantity(value, 'milliseconds')
  const when = run.startedAt === undefined ? '' : `, ${run.startedAt.slice(0, 10)}`
  const factor = `${after < before ? '−' : '+'}${(Math.abs(after / before - 1) * 100).toFixed(1)} %`
  return `Changed with run ${number} (${run.name}${when}): ${METRICS[metric]} from ${ms(before)} to ${ms(after)} (${factor}, p = ${p.toPrecision(1)}).`
}
