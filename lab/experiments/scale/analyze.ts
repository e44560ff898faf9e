import type {
  Exhibit,
  Figure,
  Judgement,
  Outcome,
  Point,
  Random,
  Series,
} from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import {
  bootstrap,
  fitUsl,
  mean,
  median,
  uslInterval,
  uslThroughput,
} from '../../statistics/index.ts'
import type { UslFit } from '../../statistics/index.ts'
import type { ScaleOptions, ScaleRaw } from './raw.ts'

const GENERATOR_MAX = 0.85
const PROCESSORS_MAX = 0.85
const R_SQUARED_MIN = 0.9

interface Findings {
  readonly points: readonly Point[]
  readonly fit: UslFit | string
  /** Throughput of the largest size N as a share of N times that of one instance. */
  readonly efficiency: Figure | undefined
  readonly largest: number
}

/** Fits the Universal Scalability Law and judges the largest size. */
export function analyzeScale(options: ScaleOptions, raw: ScaleRaw, seed: number): Outcome {
  const random = createRandom(seed)
  const good = raw.points.filter(({ failed, perSecond }) => failed === 0 && perSecond > 0)
  const points = good.map(({ size, perSecond }): Point => [size, perSecond])
  const found: Findings = {
    points,
    fit: fitUsl(points, random.fork('fit')),
    efficiency: efficiencyOf(points, random.fork('efficiency')),
    largest: Math.max(...points.map(([size]) => size)),
  }
  const dropped = raw.points.length - good.length
  return {
    judgement: judge(options, raw, found),
    figures: figuresOf(found),
    exhibits: [chartOf(raw, found), tableOf(raw, found)],
    notes: notesOf(options, raw, found),
    trust: {
      generatorCores: Math.max(...raw.points.map(({ generatorCores }) => generatorCores)),
      discarded:
        dropped === 0 ? [] : [{ reason: 'measurements with failed requests', count: dropped }],
    },
  }
}

function efficiencyOf(points: readonly Point[], random: Random): Figure | undefined {
  const of = (wanted: number): readonly number[] =>
    points.filter(([size]) => size === wanted).map(([, perSecond]) => perSecond)
  const sizes = points.map(([size]) => size)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const [single, many] = [of(least), of(most)]
  if (most <= least || Math.min(single.length, many.length) < 3) return undefined
  const base = (median(single) / least) * most
  const { low, high } = bootstrap(many, mean, { random })
  const spread = bootstrap(single, mean, { random })
  const relative = (spread.high - spread.low) / 2 / mean(single)
  return {
    name: 'efficiency',
    label: `Throughput of ${most} as a share of ${most} times one`,
    unit: 'share',
    value: median(many) / base,
    interval: {
      low: (low / base) * (1 - relative),
      high: (high / base) * (1 + relative),
      confidence: 0.95,
    },
    sampleSize: many.length,
  }
}

function judge(options: ScaleOptions, raw: ScaleRaw, found: Findings): Judgement {
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason })
  const { fit, efficiency, largest } = found
  if (typeof fit === 'string') return open(fit)
  if (raw.points.some(({ generatorCores }) => generatorCores > GENERATOR_MAX)) {
    return open('the generator used up its processor: it was measured, not the servers')
  }
  if (fit.rSquared < R_SQUARED_MIN) {
    return open(`the law explains only ${percent(fit.rSquared)} of what was seen`)
  }
  const { efficiencyMin } = options
  const isFull = usedCores(raw, largest) > PROCESSORS_MAX * raw.cores
  if (efficiencyMin === null) {
    return {
      verdict: 'pass',
      reason: `no demand was made; ${sayPeak(fit, largest)}`,
    }
  }
  if (efficiency?.value === null || efficiency?.interval === undefined) {
    return open('fewer than three repeats of the smallest and the largest size')
  }
  const said = `${largest} instances do ${percent(efficiency.value)} of ${largest} times one (${percent(efficiency.interval.low)} to ${percent(efficiency.interval.high)}), wanted ${percent(efficiencyMin)}`
  if (efficiency.interval.low >= efficiencyMin) return { verdict: 'pass', reason: said }
  if (efficiency.interval.high >= efficiencyMin) return open(said)
  return isFull
    ? open(
        `${said}; but the ${raw.cores} processors of this machine were used up, more of them might do better`,
      )
    : { verdict: 'fail', reason: said }
}

const usedCores = ({ points }: ScaleRaw, size: number): number =>
  Math.max(
    0,
    ...points
      .filter((point) => point.size === size)
      .map(({ serverCores, generatorCores }) => (serverCores ?? 0) + generatorCores),
  )

function sayPeak({ peak }: UslFit, largest: number): string {
  if (peak === null) return 'throughput rises with every instance as far as can be told'
  const where = peak > largest ? ' (an extrapolation: nothing was measured there)' : ''
  return `throughput would be highest with ${peak.toFixed(1)} instances${where}`
}

/** How far beyond the largest size the law is drawn. */
const REACH = 2

function figuresOf({ fit, efficiency, largest }: Findings): readonly Figure[] {
  const head = efficiency === undefined ? [] : [efficiency]
  if (typeof fit === 'string') return head
  const { intervals, peak, peakInterval } = fit
  const parameter = (
    name: 'alpha' | 'beta' | 'gamma',
    label: string,
    unit: Figure['unit'],
  ): Figure => ({ name, label, unit, value: fit[name], interval: intervals[name] })
  const { low, high } = peakInterval
  return [
    ...head,
    parameter('gamma', 'Throughput of one (γ)', 'per-second'),
    parameter('alpha', 'Contention (α)', 'share'),
    parameter('beta', 'Coherency (β)', 'share'),
    {
      name: 'peak',
      label: 'Instances at the highest throughput (N*)',
      unit: 'count',
      value: peak,
      ...(peak === null && { insufficient: 'throughput only rises' }),
      ...(low !== null && high !== null && { interval: { low, high, confidence: 0.95 } }),
    },
    {
      name: 'extrapolated',
      label: `Throughput of ${REACH * largest} instances by the law (not measured)`,
      unit: 'per-second',
      value: uslThroughput(fit, REACH * largest),
      interval: uslInterval(fit, REACH * largest),
    },
    {
      name: 'rSquared',
      label: 'Share explained by the law (R²)',
      unit: 'share',
      value: fit.rSquared,
    },
  ]
}

/** The law between two sizes, with its confidence band. */
function curveOf(fit: UslFit, from: number, to: number): Pick<Series, 'band' | 'points'> {
  const sizes = Array.from({ length: 41 }, (_, at) => from + ((to - from) * at) / 40)
  return {
    points: sizes.map((n): Point => [n, uslThroughput(fit, n)]),
    band: sizes.map((n) => {
      const { low, high } = uslInterval(fit, n)
      return [n, low, high] as const
    }),
  }
}

function chartOf({ cores }: ScaleRaw, { points, fit, largest }: Findings): Exhibit {
  const first = points.filter(([size]) => size === 1).map(([, perSecond]) => perSecond)
  const ideal: readonly Series[] =
    first.length === 0
      ? []
      : [
          {
            label: 'if nothing were shared',
            points: [1, largest].map((n): Point => [n, n * median(first)]),
            dashed: true,
          },
        ]
  const end = REACH * largest
  const fitted: readonly Series[] =
    typeof fit === 'string'
      ? []
      : [
          { label: 'Universal Scalability Law', ...curveOf(fit, 1, largest) },
          { label: 'extrapolated', ...curveOf(fit, largest, end), dashed: true },
        ]
  const last = fitted.length > 0 ? end : largest
  return {
    kind: 'lines',
    id: 'scaling',
    title: 'Throughput by number of instances',
    caption: 'Points were measured; what is dashed was not. Bands hold the law with 95 %.',
    x: { label: 'instances', unit: 'count' },
    y: { label: 'throughput', unit: 'per-second' },
    series: [{ label: 'measured', points, marks: true, joined: false }, ...fitted, ...ideal],
    ...(cores < last && {
      spans: [{ label: 'more instances than processors', from: Math.max(1, cores), to: last }],
    }),
  }
}

function tableOf(raw: ScaleRaw, { points }: Findings): Exhibit {
  const sizes = [...new Set(raw.points.map(({ size }) => size))].toSorted((a, b) => a - b)
  return {
    kind: 'table',
    id: 'sizes',
    title: 'Every size',
    caption: 'Medians of the repeats, each with instances that were started for it.',
    columns: [
      { label: 'instances', unit: 'count' },
      { label: 'throughput', unit: 'per-second' },
      { label: 'lowest', unit: 'per-second' },
      { label: 'highest', unit: 'per-second' },
      { label: 'cores of the servers' },
      { label: 'repeats', unit: 'count' },
    ],
    rows: sizes.map((size) => {
      const own = points.filter(([n]) => n === size).map(([, perSecond]) => perSecond)
      const cores = raw.points.flatMap((point) =>
        point.size === size && point.serverCores !== null ? [point.serverCores] : [],
      )
      return [
        size,
        own.length === 0 ? null : median(own),
        own.length === 0 ? null : Math.min(...own),
        own.length === 0 ? null : Math.max(...own),
        cores.length === 0 ? null : median(cores).toFixed(2),
        own.length,
      ]
    }),
  }
}

function notesOf(options: ScaleOptions, raw: ScaleRaw, { largest }: Findings): readonly string[] {
  return [
    ...(raw.cores < largest
      ? [
          `This machine has ${raw.cores} processors for ${largest} instances and the generator: work that needs processors cannot scale beyond them, whatever the instances do.`,
        ]
      : []),
    ...(options.subject.kind === 'synthetic'
      ? [
          'Instances wait rather than work: this is how they coordinate, not how they use processors.',
        ]
      : []),
    'Each instance has connections of its own; no load balancer stands between.',
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
