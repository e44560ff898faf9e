import type { Exhibit, ForestPlot, LineChart, Point, Table, Waterfall } from '../../core/index.ts'
import type { Histogram } from '../../histogram/index.ts'
import { supportedQuantile } from '../../histogram/index.ts'
import { median } from '../../statistics/index.ts'
import type { Findings } from './analyze.ts'
import type { Effects } from './effects.ts'
import { cpuPerRequest } from './effects.ts'
import { knownCosts, knownCostTable } from './known-costs.ts'
import { timesByArm } from './latency.ts'
import type { Block, OverheadRaw } from './raw.ts'

/** The exhibits of an overhead run. */
export function exhibitsOf(
  raw: OverheadRaw,
  blocks: readonly Block[],
  found: Findings,
): readonly Exhibit[] {
  const times = timesByArm(raw)
  return [
    ...(found.cpu.all.length > 0
      ? [
          forest(
            'cpu',
            'CPU per request',
            'processor time more than the reference',
            found,
            found.cpu,
          ),
        ]
      : []),
    ...waterfall(blocks, found),
    forest('throughput', 'Time per request at saturation', 'time more', found, found.throughput),
    armTable(blocks, found, times),
    ...knownCostTable(knownCosts(raw, blocks, found.cpu)),
    ...(times.size === 0 ? [] : [latencyChart(times, raw)]),
  ]
}

function forest(
  id: string,
  title: string,
  axisLabel: string,
  { arms }: Findings,
  effects: Effects,
): ForestPlot {
  return {
    kind: 'forest',
    id,
    title,
    caption:
      'Each arm next to what it is compared with. What lies within the band cannot be told from a difference of nothing.',
    unit: 'share',
    axisLabel,
    ...(effects.floor !== undefined && { floor: effects.floor }),
    rows: effects.all.map(({ arm, value, interval, distinguishable }) => ({
      label: arms[arm]?.name ?? '',
      value,
      interval,
      distinguishable,
    })),
  }
}

/** Processor time per request of each arm, microseconds: median of the good slices. */
function cpuByArm(blocks: readonly Block[]): ReadonlyMap<number, number> {
  const slices = blocks.flatMap((block) => block.slices)
  const groups = Map.groupBy(slices, ({ arm }) => arm)
  return new Map(
    [...groups].map(([arm, own]) => [
      arm,
      median(own.map(cpuPerRequest).filter(Number.isFinite)) / 1000,
    ]),
  )
}

/** The costs of layers do not add up exactly; the remainder is shown as a part of its own. */
function waterfall(blocks: readonly Block[], { arms, cpu }: Findings): readonly Waterfall[] {
  const cpuUs = cpuByArm(blocks)
  const base = cpuUs.get(arms.findIndex(({ role }) => role === 'baseline'))
  const all = cpu.all.find(({ arm }) => arms[arm]?.role === 'all')
  const alone = cpu.all.filter(({ arm }) => arms[arm]?.role === 'alone')
  if (base === undefined || !Number.isFinite(base) || all === undefined || alone.length === 0)
    return []
  const parts = alone.map(({ arm, reference, value }) => ({
    label: arms[arm]?.layer ?? '',
    value: value * (cpuUs.get(reference) ?? base),
    role: 'part' as const,
  }))
  const sum = parts.reduce((total, { value }) => total + value, 0)
  return [
    {
      kind: 'waterfall',
      id: 'waterfall',
      title: 'Where the processor time of a request goes',
      caption:
        'Each layer alone on top of what it builds on; the interaction is what all together cost more, or less, than the sum.',
      unit: 'microseconds',
      steps: [
        { label: 'baseline', value: base, role: 'total' },
        ...parts,
        { label: 'interaction', value: all.value * base - sum, role: 'remainder' },
        { label: 'all layers', value: base * (1 + all.value), role: 'total' },
      ],
    },
  ]
}

function armTable(
  blocks: readonly Block[],
  { arms, cpu, added }: Findings,
  times: ReadonlyMap<number, Histogram>,
): Table {
  const cpuUs = cpuByArm(blocks)
  const slices = Map.groupBy(
    blocks.flatMap((block) => block.slices),
    ({ arm }) => arm,
  )
  return {
    kind: 'table',
    id: 'arms',
    title: 'Every arm',
    caption:
      'Medians of the slices; percentiles at the common rate, where there are enough requests.',
    columns: [
      { label: 'arm' },
      { label: 'CPU per request', unit: 'microseconds' },
      { label: 'more CPU', unit: 'share' },
      { label: 'throughput', unit: 'per-second' },
      { label: 'p50', unit: 'milliseconds' },
      { label: 'p99', unit: 'milliseconds' },
      { label: 'added to p99', unit: 'milliseconds' },
    ],
    rows: arms.map(({ name }, at) => {
      const own = slices.get(at) ?? []
      const histogram = times.get(at)
      const percentile = (share: number): number | null => {
        const valueUs = histogram && supportedQuantile(histogram, share).valueUs
        return valueUs === undefined || valueUs === null ? null : valueUs / 1000
      }
      return [
        name,
        finite(cpuUs.get(at)),
        cpu.all.find(({ arm }) => arm === at)?.value ?? null,
        own.length === 0 ? null : median(own.map(({ requests, seconds }) => requests / seconds)),
        percentile(0.5),
        percentile(0.99),
        added.find(({ arm, share }) => arm === at && share > 0.9)?.value ?? null,
      ]
    }),
  }
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null

const CURVE = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999] as const

function latencyChart(times: ReadonlyMap<number, Histogram>, raw: OverheadRaw): LineChart {
  return {
    kind: 'lines',
    id: 'latency',
    title: `Response time at ${Math.round(raw.rate ?? 0)} requests a second`,
    caption:
      'Open load at half of what all layers can do, from the planned moment of each request.',
    x: { label: 'share of requests', unit: 'share', scale: 'percentile' },
    y: { label: 'response time', unit: 'milliseconds', scale: 'log' },
    series: [...times].map(([arm, histogram]) => ({
      label: raw.arms[arm]?.name ?? '',
      points: CURVE.flatMap((share): Point[] => {
        const { valueUs } = supportedQuantile(histogram, share)
        return valueUs === null ? [] : [[share, valueUs / 1000]]
      }),
    })),
  }
}
