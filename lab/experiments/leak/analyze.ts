import type { Exhibit, Figure, Judgement, Outcome, Point, Series } from '../../core/index.ts'
import { formatQuantity } from '../../core/index.ts'
import type { Growth } from './growth.ts'
import { growthsOf, MEASURES, WINDOWS_MIN } from './growth.ts'
import type { LeakOptions, LeakRaw } from './raw.ts'

const HOUR_MS = 3_600_000
/** For a pass, growth by this share of the level must be excluded. */
const EXCLUDED = 0.1
const FAILURES_MAX = 0.01

interface Findings {
  readonly load: readonly Growth[]
  readonly idle: readonly Growth[]
  readonly control: readonly Growth[]
}

/** Judges whether memory leaks, from the windows of the load and its two controls. */
export function analyzeLeak(_options: LeakOptions, raw: LeakRaw): Outcome {
  const found: Findings = {
    load: growthsOf(raw.load),
    idle: growthsOf(raw.idle),
    control: growthsOf(raw.control),
  }
  return {
    judgement: judge(raw, found),
    figures: found.load.flatMap((growth) => figuresOf(growth, raw)),
    exhibits: [...found.load.map(chartOf), tableOf(found)],
    notes: [
      'A leak must be certain (Mann–Kendall, p < 0.01) and worth it (lower end of the Theil–Sen slope above 2 % of the level over the run); each alone is unreliable.',
      `The control leaves ${raw.controlLeakBytes} bytes behind with each request.`,
      raw.collected
        ? 'Garbage was collected before each reading.'
        : 'The server was not asked to collect garbage: minima of windows stand for what is held.',
    ],
    trust: {
      warnings: found.load
        .filter(({ autocorrelation }) => autocorrelation > 0.5)
        .map(
          ({ measure, autocorrelation }) =>
            `${MEASURES[measure].label}: neighboring windows hang together (${autocorrelation.toFixed(2)}); probabilities are too small.`,
        ),
    },
  }
}

function judge(raw: LeakRaw, { load, idle, control }: Findings): Judgement {
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason })
  const { requests, failed } = raw.load
  if (raw.interrupted === true) {
    const { windows, durationMs } = raw.load
    return open(
      `the run was interrupted after ${windows.length} windows under load, ${formatQuantity(durationMs, 'milliseconds')}: without its controls nothing is judged`,
    )
  }
  if (load.length === 0) {
    return open(`fewer than ${WINDOWS_MIN} windows, or the server tells nothing of its memory`)
  }
  if (requests === 0 || failed / (requests + failed) > FAILURES_MAX) {
    return open(
      `${failed} of ${requests + failed} requests failed: this was not the load that was meant`,
    )
  }
  if (!control.some(({ leaks }) => leaks)) {
    return open(
      'a known leak was not found under the same conditions: one here would not be either',
    )
  }
  const leaking = load.filter(({ leaks }) => leaks)
  const also = leaking.find(({ measure }) =>
    idle.some((one) => one.measure === measure && one.leaks),
  )
  if (also !== undefined) {
    return open(
      `${MEASURES[also.measure].label} grows without load as well: not because of the requests`,
    )
  }
  const [once] = leaking.flatMap(({ measure, step }) =>
    step === null ? [] : [{ ...step, ...MEASURES[measure] }],
  )
  if (once !== undefined && leaking.every(({ step }) => step !== null)) {
    const { label, unit, atMs, before, after } = once
    return open(
      `the ${label} rose once, after ${formatQuantity(atMs, 'milliseconds')}, from ${formatQuantity(before, unit)} to ${formatQuantity(after, unit)}, and neither before nor since: a leak does not stop, but only a longer run can tell`,
    )
  }
  if (leaking.length > 0) {
    return {
      verdict: 'fail',
      reason: leaking.map((growth) => sayGrowth(growth, raw)).join('; '),
    }
  }
  const wide = load.find(
    ({ measure, grownInterval, level }) =>
      measure !== 'handles' && grownInterval.high > EXCLUDED * level,
  )
  if (wide !== undefined) {
    const { label } = MEASURES[wide.measure]
    return open(
      `no leak was found, but growth of the ${label} by ${percent(wide.grownInterval.high / wide.level)} over the run cannot be excluded`,
    )
  }
  const most = load.find(({ measure }) => measure === 'heap') ?? load[0]
  const bound = most === undefined ? 0 : Math.max(0, most.grownInterval.high) / most.level
  return {
    verdict: 'pass',
    reason: `no leak: the ${most === undefined ? '' : MEASURES[most.measure].label} grew by at most ${percent(bound)} over the run; a known leak was found, and none without load`,
  }
}

function sayGrowth({ measure, slope, level, grown }: Growth, { load }: LeakRaw): string {
  const { label, unit } = MEASURES[measure]
  const perHour = slope * HOUR_MS
  const perRequest = grown / Math.max(1, load.requests)
  return unit === 'bytes'
    ? `the ${label} grows by ${(perHour / 1e6).toFixed(1)} MB an hour, ${perRequest.toFixed(0)} bytes a request, ${percent(grown / level)} over the run`
    : `${label} grow by ${perHour.toFixed(1)} an hour`
}

function figuresOf(growth: Growth, { load }: LeakRaw): readonly Figure[] {
  const { measure, slope, slopeInterval, level, points, grown, grownInterval } = growth
  const { label, unit } = MEASURES[measure]
  const sampleSize = points.length
  const { confidence } = slopeInterval
  const scaled = (factor: number) => ({
    low: slopeInterval.low * factor,
    high: slopeInterval.high * factor,
    confidence,
  })
  const perRequest = load.durationMs / Math.max(1, load.requests)
  return [
    {
      name: `${measure}.growth`,
      label: `Growth of the ${label} over the run`,
      unit: 'share',
      value: grown / level,
      interval: { low: grownInterval.low / level, high: grownInterval.high / level, confidence },
      sampleSize,
    },
    {
      name: `${measure}.perHour`,
      label: `Growth of the ${label} in an hour`,
      unit,
      value: slope * HOUR_MS,
      interval: scaled(HOUR_MS),
      sampleSize,
    },
    ...(unit === 'bytes'
      ? [
          {
            name: `${measure}.perRequest`,
            label: `Growth of the ${label} for a request`,
            unit,
            value: slope * perRequest,
            interval: scaled(perRequest),
            sampleSize,
          },
        ]
      : []),
    { name: `${measure}.level`, label: `Level of the ${label}`, unit, value: level, sampleSize },
  ]
}

/** The minima with the line through them, and the cone spanned by the interval of the slope. */
function chartOf(growth: Growth): Exhibit {
  const { measure, points, slope, intercept, slopeInterval, level } = growth
  const { label, unit } = MEASURES[measure]
  const seconds = ([atMs, value]: Point): Point => [atMs / 1000, value]
  const middle = points[Math.floor(points.length / 2)]?.[0] ?? 0
  const at = (x: number, perMs: number): number => intercept + slope * middle + perMs * (x - middle)
  const xs = points.map(([x]) => x)
  const line: Series = {
    label: 'Theil–Sen line',
    points: xs.map((x): Point => seconds([x, at(x, slope)])),
    band: xs.map((x) => {
      const ends = [at(x, slopeInterval.low), at(x, slopeInterval.high)] as const
      return [x / 1000, Math.min(...ends), Math.max(...ends)] as const
    }),
  }
  return {
    kind: 'lines',
    id: measure,
    title: `Course of the ${label}`,
    caption: `Smallest reading of each window; the cone is what the slope may be. The level is the median.`,
    x: { label: 'time', unit: 'seconds' },
    y: { label, unit },
    series: [{ label: 'minimum of a window', points: points.map(seconds), marks: true }, line],
    levels: [{ label: 'level', value: level }],
  }
}

function tableOf({ load, idle, control }: Findings): Exhibit {
  const rows = Object.entries({ load, 'no load': idle, 'known leak': control }).flatMap(
    ([phase, growths]) =>
      growths.map(({ measure, points, level, grown, grownInterval, pRising, leaks }) => [
        phase,
        MEASURES[measure].label,
        points.length,
        grown / level,
        grownInterval.low / level,
        grownInterval.high / level,
        pRising.toPrecision(2),
        leaks ? 'yes' : 'no',
      ]),
  )
  return {
    kind: 'table',
    id: 'phases',
    title: 'The load and its controls',
    caption: 'The known leak must be found, and nothing may be found without load.',
    columns: [
      { label: 'phase' },
      { label: 'measure' },
      { label: 'windows', unit: 'count' },
      { label: 'growth', unit: 'share' },
      { label: 'at least', unit: 'share' },
      { label: 'at most', unit: 'share' },
      { label: 'p rising' },
      { label: 'leaks' },
    ],
    rows,
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
