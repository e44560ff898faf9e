import type { Interval, Point } from '../../core/index.ts'
import {
  alikeness,
  findChangePoints,
  mannKendall,
  median,
  theilSen,
  wideningOf,
} from '../../statistics/index.ts'
import type { TheilSenLine } from '../../statistics/index.ts'
import type { LeakPhase, LeakWindow } from './raw.ts'

/** What may grow in a server. */
export const MEASURES = {
  heap: { label: 'heap', unit: 'bytes', of: (window: LeakWindow) => window.heapBytes },
  resident: {
    label: 'resident memory',
    unit: 'bytes',
    of: (window: LeakWindow) => window.residentBytes,
  },
  handles: { label: 'open files', unit: 'count', of: (window: LeakWindow) => window.handles },
} as const
export type MeasureName = keyof typeof MEASURES

/** How one measure grew during a phase. */
export interface Growth {
  readonly measure: MeasureName
  /** Middle of each window in milliseconds, and its minimum. */
  readonly points: readonly Point[]
  readonly level: number
  /** Per millisecond. */
  readonly slope: number
  readonly intercept: number
  readonly slopeInterval: Interval
  /** Growth over the whole phase, in the unit of the measure: by the slope, and by the ends of its interval. */
  readonly grown: number
  readonly grownInterval: Interval
  readonly pRising: number
  readonly autocorrelation: number
  /** Whether it certainly rises, and by more than is tolerated. */
  readonly leaks: boolean
  /** The step, if it rose at one moment only, and neither before nor after; `null` otherwise. */
  readonly step: Step | null
}

/** A rise at one moment, as when a cache or a pool is filled once. */
export interface Step {
  readonly atMs: number
  readonly before: number
  readonly after: number
}

/** With fewer windows, neither test has any power. */
export const WINDOWS_MIN = 12
/** Growth over the run by less than this share of the level is not called a leak. */
const GROWTH_MIN = 0.02
/** For open files, this much growth is needed as well: one file more or less means nothing. */
const HANDLES_MIN = 5
const LEVEL = 0.01

/**
 * Growth of a measure by the Theil–Sen line and the Mann–Kendall test. Each alone is unreliable
 * (Machida et al. 2013), so a leak needs p < 0.01 and a lower end of the slope's interval that amounts to
 * more than 2 % of the level over the phase.
 *
 * @returns `undefined` if the measure was not read, or too seldom.
 */
export function growthOf(phase: LeakPhase, measure: MeasureName): Growth | undefined {
  const { of } = MEASURES[measure]
  const points = phase.windows.flatMap((window): Point[] => {
    const value = of(window)
    return value === null ? [] : [[window.atMs, value]]
  })
  if (points.length < WINDOWS_MIN) return undefined
  const values = points.map(([, value]) => value)
  const line = theilSen(points)
  const { slope, intercept } = line
  const interval = widened(line, points)
  const { pRising, autocorrelation } = mannKendall(values)
  const over = (perMs: number): number => perMs * phase.durationMs
  const level = median(values)
  const floor =
    measure === 'handles' ? Math.max(HANDLES_MIN, GROWTH_MIN * level) : GROWTH_MIN * level
  const step = stepOf(points, floor)
  return {
    measure,
    points,
    level,
    slope,
    intercept,
    slopeInterval: interval,
    grown: over(slope),
    grownInterval: { ...interval, low: over(interval.low), high: over(interval.high) },
    pRising,
    autocorrelation,
    // Around a step, neighboring windows lie on the same side because a line does not fit.
    leaks: pRising < LEVEL && over((step === null ? interval : line.interval).low) > floor,
    step,
  }
}

/** The interval of a slope, widened if neighboring windows tend to lie on the same side of the line. */
function widened({ slope, intercept, interval }: TheilSenLine, points: readonly Point[]): Interval {
  const alike = alikeness(points.map(([x, y]) => y - intercept - slope * x))
  const wider = wideningOf(alike, points.length, interval.confidence)
  return {
    ...interval,
    low: slope - wider * (slope - interval.low),
    high: slope + wider * (interval.high - slope),
  }
}

/** The only change point of a series, if neither part grows by itself. */
function stepOf(points: readonly Point[], floor: number): Step | null {
  const [change, ...more] = findChangePoints(points.map(([, value]) => value))
  const first = change === undefined ? undefined : points[change.at]
  if (change === undefined || first === undefined || more.length > 0) return null
  const grows = (part: readonly Point[]): boolean => {
    const [from, to] = [part[0]?.[0] ?? 0, part.at(-1)?.[0] ?? 0]
    return Math.abs(theilSen(part).slope * (to - from)) > floor
  }
  if (grows(points.slice(0, change.at)) || grows(points.slice(change.at))) return null
  return { atMs: first[0], before: change.before, after: change.after }
}

/** Growth of every measure that was read. */
export const growthsOf = (phase: LeakPhase): readonly Growth[] =>
  (Object.keys(MEASURES) as MeasureName[]).flatMap((measure) => growthOf(phase, measure) ?? [])
