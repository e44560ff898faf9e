import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import { historyFindings, ownBlocks } from './course.ts'
import type { Difference } from './differences.ts'
import { differencesOf, isRegression } from './differences.ts'
import { levelOf } from './level.ts'
import type { MetricName } from './metrics.ts'
import { BLOCKS_MIN, logOf, METRIC_NAMES, METRICS } from './metrics.ts'
import type { CompareOptions, CompareRaw, CompareRun, SideRaw } from './raw.ts'

/** Judges whether a server got slower, from blocks of it and of its baseline. */
export function analyzeCompare(options: CompareOptions, raw: CompareRaw, seed: number): Outcome {
  const { baseline } = options
  const stored = baseline.kind === 'stored' ? baseline.blocks : []
  const random = createRandom(seed)
  const found =
    baseline.kind === 'none'
      ? []
      : raw.runs.map((run, at) => differencesOf(run, stored, random.fork(`run ${at}`)))
  const [first = []] = found
  const [run] = raw.runs
  const past = historyFindings(options.history, raw)
  return {
    judgement: judge(options, raw, found),
    figures: [
      ...first.map(figureOf),
      ...METRIC_NAMES.map((metric) => levelFigure(metric, run === undefined ? [] : ownBlocks(run))),
    ],
    exhibits: [
      ...found.map(forestOf),
      ...(baseline.kind === 'none' ? [] : [tableOf(found)]),
      ...past.exhibits,
    ],
    notes: [...past.notes, ...notesOf(options, raw)],
    trust: {
      ...(first.length > 0 && { floor: Math.max(...first.map(({ floor }) => floor)) }),
      discarded: discardedOf(options, raw),
    },
  }
}

function judge(
  { baseline, budget, history }: CompareOptions,
  raw: CompareRaw,
  found: readonly (readonly Difference[])[],
): Judgement {
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason })
  if (baseline.kind === 'none') {
    const blocks = (raw.runs[0]?.blocks ?? []).filter((side) => logOf('time', side) !== undefined)
    const busy = history?.runs.length ?? 0
    const foreign = history?.incomparable ?? 0
    if (busy + foreign > 0) {
      return open(
        `none of the earlier runs can be compared with: ${foreign} of another machine, ${busy} while it was too busy`,
      )
    }
    return blocks.length < BLOCKS_MIN
      ? open(`only ${blocks.length} good blocks: too few to compare with later`)
      : { verdict: 'pass', reason: `a baseline of ${blocks.length} blocks; nothing was compared` }
  }
  if (raw.differences.length > 0) {
    return open(`incomparable: another machine (${raw.differences.join('; ')})`)
  }
  const [first = [], second] = found
  if (first.length === 0) return open(`fewer than ${BLOCKS_MIN} good blocks on a side`)
  const worse = first.filter((difference) => isRegression(difference, budget))
  if (worse.length > 0) {
    const confirmed = worse.filter(({ metric }) =>
      second?.some((other) => other.metric === metric && isRegression(other, budget)),
    )
    const say = (differences: readonly Difference[]): string => differences.map(sayOf).join('; ')
    return confirmed.length > 0
      ? { verdict: 'fail', reason: `slower, and confirmed by a second run: ${say(confirmed)}` }
      : open(`slower in the first run, but not in the second: ${say(worse)}`)
  }
  const unclear = first.filter(({ interval }) => interval.high > budget)
  if (unclear.length > 0) {
    return open(
      `no regression was shown, nor excluded within ${percent(budget)}: ${unclear.map(sayOf).join('; ')}`,
    )
  }
  const most = first.reduce((a, b) => (b.interval.high > a.interval.high ? b : a))
  return {
    verdict: 'pass',
    reason: `no metric is worse by more than ${percent(budget)}; most could ${METRICS[most.metric]} be: ${percent(most.interval.high)}`,
  }
}

const sayOf = ({ metric, value, interval }: Difference): string =>
  `${METRICS[metric]} ${percent(value)} (${percent(interval.low)} to ${percent(interval.high)})`

const figureOf = ({ metric, value, interval, blocks }: Difference): Figure => ({
  name: `${metric}.change`,
  label: `Change of ${METRICS[metric]}`,
  unit: 'share',
  value,
  interval,
  sampleSize: blocks,
})

function levelFigure(metric: MetricName, blocks: readonly SideRaw[]): Figure {
  const head = { name: `${metric}.level`, label: METRICS[metric], unit: 'milliseconds' } as const
  const level = levelOf(metric, blocks)
  return level === null
    ? { ...head, value: null, insufficient: `fewer than ${BLOCKS_MIN} blocks with enough requests` }
    : { ...head, value: level.value, interval: level.interval, sampleSize: level.blocks }
}

function forestOf(differences: readonly Difference[], run: number): Exhibit {
  return {
    kind: 'forest',
    id: `run-${run + 1}`,
    title: run === 0 ? 'Change against the baseline' : 'Change in the second run',
    caption:
      'More is worse. Within the band, a change cannot be told from the difference of the baseline to itself.',
    unit: 'share',
    axisLabel: 'change',
    floor: Math.max(0, ...differences.map(({ floor }) => floor)),
    rows: differences.map(({ metric, value, interval, floor, pAdjusted }) => ({
      label: METRICS[metric],
      value,
      interval,
      distinguishable: Math.abs(value) > floor && pAdjusted < 0.01,
    })),
  }
}

function tableOf(found: readonly (readonly Difference[])[]): Exhibit {
  return {
    kind: 'table',
    id: 'tests',
    title: 'Tests',
    caption: 'Probabilities that the metric is not worse, corrected for their number (Holm).',
    columns: [
      { label: 'run', unit: 'count' },
      { label: 'metric' },
      { label: 'change', unit: 'share' },
      { label: 'A/A floor', unit: 'share' },
      { label: 'p' },
      { label: 'p, corrected' },
      { label: 'blocks', unit: 'count' },
    ],
    rows: found.flatMap((differences, run) =>
      differences.map(({ metric, value, floor, pWorse, pAdjusted, blocks }) => [
        run + 1,
        METRICS[metric],
        value,
        floor,
        pWorse.toPrecision(2),
        pAdjusted.toPrecision(2),
        blocks,
      ]),
    ),
  }
}

const sidesOf = ({ pairs, blocks }: CompareRun): readonly SideRaw[] => [
  ...pairs.flatMap(({ base, other }) => [base, other]),
  ...blocks,
]

function discardedOf(
  { history }: CompareOptions,
  raw: CompareRaw,
): Outcome['trust']['discarded'] & object {
  const bad = raw.runs.flatMap(sidesOf).filter((side) => logOf('time', side) === undefined).length
  return [
    { reason: 'blocks with a slice that failed or stalled', count: bad },
    { reason: 'earlier runs of another machine', count: history?.incomparable ?? 0 },
  ].filter(({ count }) => count > 0)
}

function notesOf({ baseline, budget }: CompareOptions, raw: CompareRaw): readonly string[] {
  const rate = `Percentiles at ${Math.round(raw.rate)} requests a second.`
  if (baseline.kind === 'none') return [rate]
  return [
    `A regression needs p < 0.01 after correction, an interval beyond ${percent(budget)} and the A/A floor, and a second run that says the same.`,
    baseline.kind === 'stored'
      ? 'Compared with a stored run: what changed on the machine since then counts as a change of the server. An interleaved baseline does not have this weakness.'
      : 'Both servers were measured in turn: what happens to the machine happens to both.',
    rate,
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
