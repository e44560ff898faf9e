import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import { histogramFrom } from '../../histogram/index.ts'
import type { LoadResult } from '../../load/index.ts'
import { loadTrust, percentileFigure, summarizeLoad } from '../../load/index.ts'
import { median, wilson } from '../../statistics/index.ts'
import type { CachePhase, CacheRaw } from './measure.ts'
import type { CacheOptions } from './options.ts'

interface Counts {
  readonly answers: number
  /** Hits, including stale ones. */
  readonly hits: number
  readonly unknown: number
}

/** Judges the cache by what the server reported. */
export function analyzeCache(options: CacheOptions, raw: CacheRaw): Outcome {
  const warm = raw.phases.find(({ name }) => name === 'warm')
  const base = warm === undefined ? {} : loadTrust(warm.result, summarizeLoad(warm.result))
  return {
    judgement: judge(options, raw),
    figures: figuresOf(raw),
    exhibits: [phaseTable(raw), latencyTable(raw)],
    notes: notesOf(options, raw),
    // Counts do not depend on time; only the latencies do, and they decide nothing here.
    trust: { ...base, grade: 'noisy', warnings: (base.warnings ?? []).concat(LATENCY_WARNING) },
  }
}

const LATENCY_WARNING =
  'Hits and misses are counted by the server; only the latencies depend on how quiet the machine was.'
const UNKNOWN_MAX = 0.01
const ORIGIN_TOLERANCE = 0.02

function countsOf({ classes }: LoadResult): Counts {
  const count = (name: string): number => classes[name]?.count ?? 0
  const answers = Object.values(classes).reduce((sum, each) => sum + each.count, 0)
  return { answers, hits: count('hit') + count('stale'), unknown: count('unknown') }
}

function judge(options: CacheOptions, raw: CacheRaw): Judgement {
  return (
    judgeContents(raw) ??
    judgeReports(raw) ??
    judgeHitRatio(options, raw) ??
    judgeStampede(options, raw) ?? {
      verdict: 'pass',
      reason: `${describeWarm(raw)}; answers were those of the origin and went to those who asked`,
    }
  )
}

/** A cache that answers wrongly has failed, however fast it is. */
function judgeContents({ bodies, isolation, phases }: CacheRaw): Judgement | undefined {
  const shared = isolation.filter(
    ({ secondSaid, firstBodyCameBack, anonymousGotBody }) =>
      secondSaid === 'hit' || firstBodyCameBack || anonymousGotBody,
  )
  if (shared.length > 0) {
    const reason = `callers are not kept apart: ${shared.length} of ${isolation.length} answers went to somebody else`
    return { verdict: 'fail', reason }
  }
  if (bodies.different > 0) {
    const reason = `${bodies.different} of ${bodies.compared} answers from the cache differ from those of the origin`
    return { verdict: 'fail', reason }
  }
  for (const { name, result } of phases) {
    const { failed, planned } = summarizeLoad(result)
    if (failed > 0.001 * planned) {
      const kinds = Object.keys(result.failures).join(', ')
      return {
        verdict: 'fail',
        reason: `${name}: ${failed} of ${planned} requests failed (${kinds})`,
      }
    }
  }
  return undefined
}

/** Without reports of the server nothing is known: a fast answer does not prove a hit. */
function judgeReports({ phases }: CacheRaw): Judgement | undefined {
  for (const { name, result, originFetches } of phases) {
    const { answers, hits, unknown } = countsOf(result)
    if (answers === 0) return { verdict: 'inconclusive', reason: `${name}: there were no answers` }
    if (unknown > UNKNOWN_MAX * answers) {
      const reason = `${name}: the server does not say what its cache did for ${unknown} of ${answers} answers`
      return { verdict: 'inconclusive', reason }
    }
    const misses = answers - hits
    if (originFetches !== null && originFetches > misses + ORIGIN_TOLERANCE * answers) {
      const reason = `${name}: the server reports ${misses} misses, its origin was asked ${originFetches} times`
      return { verdict: 'inconclusive', reason }
    }
  }
  return undefined
}

function judgeHitRatio({ hitRatioMin }: CacheOptions, raw: CacheRaw): Judgement | undefined {
  const warm = raw.phases.find(({ name }) => name === 'warm')
  if (hitRatioMin === null || warm === undefined) return undefined
  const { hits, answers } = countsOf(warm.result)
  const { low, high } = wilson(hits, answers)
  const asked = `${(hitRatioMin * 100).toFixed(1)} % were asked for`
  if (high < hitRatioMin) return { verdict: 'fail', reason: `${describeWarm(raw)}; ${asked}` }
  return low < hitRatioMin
    ? { verdict: 'inconclusive', reason: `${describeWarm(raw)}; ${asked}: too close to say` }
    : undefined
}

function judgeStampede({ stampedeMax }: CacheOptions, raw: CacheRaw): Judgement | undefined {
  if (stampedeMax === null) return undefined
  const fetches = stampedeFetches(raw.stampedes)
  if (fetches.length === 0) {
    return { verdict: 'inconclusive', reason: 'nobody counts what a stampede costs the origin' }
  }
  const worst = Math.max(...fetches)
  return worst > stampedeMax
    ? {
        verdict: 'fail',
        reason: `a stampede reached the origin ${worst} times; ${stampedeMax} were allowed`,
      }
    : undefined
}

/** Origin requests of each stampede, as the origin counted them. */
const stampedeFetches = (stampedes: CacheRaw['stampedes']): number[] =>
  stampedes.flatMap(({ originFetches }) => (originFetches === null ? [] : [originFetches]))

function describeWarm({ phases }: CacheRaw): string {
  const warm = phases.find(({ name }) => name === 'warm')
  if (warm === undefined) return 'there was no warm phase'
  const { hits, answers } = countsOf(warm.result)
  const { low, high } = wilson(hits, answers)
  const percent = (share: number): string => (share * 100).toFixed(2)
  return `${percent(hits / answers)} % hits while warm (${percent(low)} to ${percent(high)} %)`
}

const PHASE_LABELS: Readonly<Record<CachePhase['name'], string>> = {
  cold: 'cold',
  warm: 'warm',
  thrash: 'with more keys than fit',
}

function figuresOf({ phases, stampedes }: CacheRaw): Figure[] {
  const warm = phases.find(({ name }) => name === 'warm')
  return [
    ...phases
      .toSorted((a, b) => Number(b.name === 'warm') - Number(a.name === 'warm'))
      .map(hitRatio),
    stampedeFigure(stampedeFetches(stampedes)),
    ...serviceFigures(warm, 'hit'),
    ...serviceFigures(warm, 'miss'),
    ...phases.flatMap(originFigures),
  ]
}

function hitRatio({ name: phase, result }: CachePhase): Figure {
  const { hits, answers, unknown } = countsOf(result)
  const name = `hit-ratio.${phase}`
  const label = `hits ${PHASE_LABELS[phase]}`
  if (answers === 0 || unknown > UNKNOWN_MAX * answers) {
    return { name, label, unit: 'share', value: null, insufficient: 'the server does not say' }
  }
  const interval = wilson(hits, answers)
  return { name, label, unit: 'share', value: hits / answers, interval, sampleSize: answers }
}

const stampedeFigure = (fetches: readonly number[]): Figure => ({
  name: 'stampede.origin',
  label: 'origin requests for a stampede, median',
  unit: 'count',
  sampleSize: fetches.length,
  ...(fetches.length === 0
    ? { value: null, insufficient: 'nobody counts them' }
    : { value: median(fetches) }),
})

/** The median of the answers that the server reported as this while warm; none if there were none. */
function serviceFigures(warm: CachePhase | undefined, said: 'hit' | 'miss'): Figure[] {
  const data = warm?.result.classes[said]
  if (data === undefined) return []
  const histogram = histogramFrom(data.service)
  return [percentileFigure(histogram, 0.5, `service.${said}`, `median of a ${said}`)]
}

const originFigures = ({ name, originFetches }: CachePhase): Figure[] =>
  originFetches === null
    ? []
    : [
        {
          name: `origin.${name}`,
          label: `origin requests, ${PHASE_LABELS[name]}`,
          unit: 'count',
          value: originFetches,
        },
      ]

function phaseTable({ phases, stampedes }: CacheRaw): Exhibit {
  const count = ({ classes }: LoadResult, name: string): number => classes[name]?.count ?? 0
  const stampedeCount = (name: 'bypass' | 'hit' | 'miss' | 'stale' | 'unknown'): number =>
    stampedes.reduce((sum, { said }) => sum + (said[name] ?? 0), 0)
  const fetched = stampedes.map(({ originFetches }) => originFetches)
  return {
    kind: 'table',
    id: 'phases',
    title: 'What the cache said',
    caption: 'By Cache-Status, X-Cache or Age of each answer; the origin by its own counter.',
    columns: [
      { label: 'phase' },
      ...['hit', 'stale', 'miss', 'bypass', 'unknown', 'origin'].map((label) => ({
        label,
        unit: 'count' as const,
      })),
    ],
    rows: [
      ...phases.map(({ name, result, originFetches }) => [
        name,
        count(result, 'hit'),
        count(result, 'stale'),
        count(result, 'miss'),
        count(result, 'bypass'),
        count(result, 'unknown'),
        originFetches,
      ]),
      [
        'stampede',
        stampedeCount('hit'),
        stampedeCount('stale'),
        stampedeCount('miss'),
        stampedeCount('bypass'),
        stampedeCount('unknown'),
        fetched.includes(null) ? null : fetched.reduce((sum: number, each) => sum + (each ?? 0), 0),
      ],
    ],
  }
}

function latencyTable({ phases }: CacheRaw): Exhibit {
  return {
    kind: 'table',
    id: 'latency-by-class',
    title: 'Latency of hits and misses',
    caption: 'Service time by what the server said; never the other way round.',
    columns: [
      { label: 'phase' },
      { label: 'said' },
      { label: 'answers', unit: 'count' },
      { label: 'median', unit: 'milliseconds' },
      { label: 'p99', unit: 'milliseconds' },
    ],
    rows: phases.flatMap(({ name, result }) =>
      Object.entries(result.classes).map(([said, { count, service }]) => {
        const histogram = histogramFrom(service)
        return [
          name,
          said,
          count,
          percentileFigure(histogram, 0.5, 'p50', '').value,
          percentileFigure(histogram, 0.99, 'p99', '').value,
        ]
      }),
    ),
  }
}

function notesOf(options: CacheOptions, { isolation, bodies }: CacheRaw): string[] {
  const popularity =
    options.popularity === 'zipf'
      ? `by Zipf's law with exponent ${options.exponent}`
      : 'a fifth of them four times of five'
  return [
    `${options.keys} keys that no run before asked for: each once (cold), then ${popularity} (warm); then ${options.thrashKeys} others in turn (thrash).`,
    `${options.stampede.rounds} stampedes of ${options.stampede.requests} requests at once for a new key.`,
    `${bodies.compared} answers were asked for twice and compared.`,
    isolation.length === 0
      ? 'Whether callers are kept apart was not looked at: no callers were named.'
      : `${isolation.length} answers of one caller were asked for by another, and by nobody.`,
  ]
}
