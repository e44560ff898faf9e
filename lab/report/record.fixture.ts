import type { Exhibit, ExperimentRecord, Figure, LabRecord, Trust } from '../core/index.ts'
import { RECORD_FORMAT } from '../core/index.ts'

/** Text that would break any format that does not escape. */
export const HOSTILE = `=1+1 </script><img src=x onerror=alert(1)> "a" 'b' & | \`c\` [d](e)\n, 😀`

const TRUST: Trust = {
  grade: 'noisy',
  foreignCores: 0.12,
  cpuPressure: 0.03,
  lagP99Ms: 1.4,
  generatorCores: 0.41,
  floor: 0.018,
  discarded: [{ reason: 'slice without a request', count: 2 }],
  warnings: ['another process used 0.12 cores'],
}

const FIGURES: readonly Figure[] = [
  {
    name: 'layer.limits.cpu',
    label: 'limits, CPU',
    unit: 'share',
    value: 0.0521,
    interval: { low: 0.031, high: 0.074, confidence: 0.95 },
    sampleSize: 20,
  },
  { name: 'rate', label: 'rate', unit: 'per-second', value: 9876.54321, sampleSize: 120_000 },
  {
    name: 'response.p999',
    label: 'response p99.9',
    unit: 'milliseconds',
    value: null,
    insufficient: '4,120 of 10,000 samples',
  },
]

const time = { label: 'time', unit: 'seconds' } as const
const latency = { label: 'latency', unit: 'milliseconds', scale: 'log' } as const
const wave = (height: number) =>
  Array.from({ length: 80 }, (_, at) => [at / 4, height * (1.5 + Math.sin(at / 6))] as const)

const EXHIBITS: readonly Exhibit[] = [
  {
    kind: 'forest',
    id: 'layers',
    title: 'What each layer costs',
    caption: 'Two layers cost something; the others cannot be told from nothing here.',
    unit: 'share',
    axisLabel: 'CPU per request, relative to the baseline',
    floor: 0.018,
    rows: ['identity', 'limits', 'validation', 'audit'].map((label, at) => ({
      label,
      value: 0.01 + at * 0.03,
      interval: { low: at * 0.03 - 0.015, high: at * 0.03 + 0.03, confidence: 0.95 },
      distinguishable: at > 1,
    })),
  },
  {
    kind: 'waterfall',
    id: 'sum',
    title: 'From bare to everything',
    caption: 'The layers add up to the whole, but for what they save together.',
    unit: 'microseconds',
    steps: [
      { label: 'bare', value: 11.7, role: 'total' },
      { label: 'identity', value: 1.1, role: 'part' },
      { label: 'limits', value: 1.9, role: 'part' },
      { label: 'together', value: -0.6, role: 'remainder' },
      { label: 'all', value: 14.1, role: 'total' },
    ],
  },
  {
    kind: 'lines',
    id: 'percentiles',
    title: 'Latency by percentile',
    caption: 'Response time counts from the planned moment, service time from the sent one.',
    x: { label: 'percentile', unit: 'share', scale: 'percentile' },
    y: latency,
    series: ['response', 'service'].map((label, at) => ({
      label,
      points: [0, 0.5, 0.9, 0.99, 0.999].map((p) => [p, (1 + at) / (1.002 - p)] as const),
    })),
    levels: [{ label: 'objective', value: 50 }],
  },
  {
    kind: 'lines',
    id: 'timeline',
    title: 'Recovery',
    caption: 'The upstream was stopped for five seconds.',
    x: time,
    y: { label: 'requests', unit: 'per-second' },
    series: [
      {
        label: 'answered',
        points: wave(100),
        band: wave(100).map(([x, y]) => [x, y * 0.9, y * 1.1] as const),
      },
      { label: 'extrapolated', points: wave(120), dashed: true },
    ],
    spans: [{ label: 'stopped', from: 5, to: 10 }],
  },
  {
    kind: 'heat-map',
    id: 'heat',
    title: 'Latency over time',
    caption: 'A column is a second, a row a step of latency.',
    x: time,
    y: latency,
    columnEdges: Array.from({ length: 21 }, (_, at) => at),
    rowEdges: [0.1, 0.3, 1, 3, 10, 30, 100],
    counts: Array.from({ length: 20 }, (_, at) => [at * 7, 400, 90, at % 3, 0, at === 9 ? 12 : 0]),
  },
  {
    kind: 'flame-graph',
    id: 'flame',
    title: 'Where the time goes',
    caption: 'A third of it is parsing.',
    unit: 'samples',
    root: {
      name: '(root)',
      value: 100,
      children: [
        {
          name: `handle ${HOSTILE}`,
          value: 60,
          children: [{ name: 'parse', value: 35, children: [] }],
        },
        { name: 'idle', value: 40, children: [] },
      ],
    },
  },
  {
    kind: 'table',
    id: 'steps',
    title: 'Steps',
    caption: 'Each rate that was tried.',
    columns: [{ label: 'held' }, { label: 'rate', unit: 'per-second' }],
    rows: [
      [HOSTILE, 1000],
      ['no', 2000],
    ],
  },
]

/** An experiment record with every optional part. */
export function experimentRecord(changes: Partial<ExperimentRecord> = {}): ExperimentRecord {
  return {
    kind: 'overhead',
    title: 'Layer cost',
    options: { target: 'http://127.0.0.1:8080' },
    raw: { blocks: [1, 2, 3] },
    outcome: {
      judgement: { verdict: 'inconclusive', reason: `limits cost 5.2 %: ${HOSTILE}` },
      figures: FIGURES,
      exhibits: EXHIBITS,
      notes: [HOSTILE],
      trust: { floor: 0.018 },
    },
    seed: 42,
    startedAt: '2026-11-21T06:00:00.000Z',
    durationMs: 120_000,
    trust: TRUST,
    command: 'tollgate lab overhead --seed 42',
    ...changes,
  }
}

/** A record with experiments, claims and a checklist. */
export function labRecord(changes: Partial<LabRecord> = {}): LabRecord {
  const claim = { budget: '< 1 ms', measured: '0.4 ms', reason: HOSTILE, evidence: [0, HOSTILE] }
  return {
    format: RECORD_FORMAT,
    title: `Validation of the gate ${HOSTILE}`,
    target: 'http://127.0.0.1:8080',
    startedAt: '2026-11-21T06:00:00.000Z',
    finishedAt: '2026-11-21T06:02:00.000Z',
    seed: 42,
    command: `tollgate lab validate claims.yaml --seed 42`,
    versions: { lab: '0.1.0', bun: '1.4.5' },
    fingerprint: {
      cpuModel: 'Example CPU',
      cores: 2,
      memoryBytes: 2 ** 33,
      kernel: 'Linux 6.1',
      architecture: 'x64',
      virtualization: 'kvm',
      runtime: 'Bun 1.4.5',
    },
    judgement: { verdict: 'inconclusive', reason: 'one claim has no evidence' },
    experiments: [experimentRecord(), experimentRecord({ kind: 'load', title: 'Load' })],
    claims: [
      { ...claim, id: 'overhead', text: HOSTILE, status: 'pass', group: 'claim' },
      { ...claim, id: 'hits', text: 'hit ratio', status: 'fail', group: 'claim' },
      { ...claim, id: 'open', text: 'p99', status: 'inconclusive', group: 'claim' },
      { ...claim, id: 'backup', text: 'backup restored', status: 'unknown', group: 'checklist' },
    ],
    ...changes,
  }
}
