import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import { loadTrust, percentileFigure, summarizeLoad } from '../../load/index.ts'
import type { BreakOptions } from './options.ts'
import type { Phase, Step, StepJudgement } from './search.ts'
import { judgeStep } from './search.ts'

/** What the search observed. */
export interface BreakRaw {
  readonly steps: readonly Step[]
}

interface Judged extends StepJudgement {
  readonly step: Step
}

/** What the steps show together. */
interface Finding {
  /** Highest rate that held in the ramp and the bisection; 0 when none did. */
  readonly held: number
  /** Lowest rate that failed twice; `null` when none did. */
  readonly failed: number | null
  readonly isConfirmed: boolean
  /** Why the search ended at a rate that says nothing about the server; `undefined` if it did not. */
  readonly doubt: StepJudgement | undefined
}

/** Determines which rate the server holds, and how certain that is. */
export function analyzeBreak(options: BreakOptions, raw: BreakRaw): Outcome {
  const judged = raw.steps.map((step) => ({ step, ...judgeStep(step, options.objective) }))
  const finding = findBreak(judged, options)
  const { share, limitMs } = options.objective
  const best =
    judged.findLast(({ status, step }) => status === 'held' && step.phase === 'below') ??
    judged.findLast(({ status, step }) => status === 'held' && step.rate === finding.held)
  return {
    judgement: judge(finding, options),
    figures: figuresOf(finding, judged, best, options),
    exhibits: judged.length === 0 ? [] : exhibitsOf(judged, options),
    notes: [
      `Held means: p${share * 100} below ${limitMs} ms, fewer than ${options.objective.errorRateMax * 100} % failures, at least ${options.objective.goodputMin * 100} % answered in time.`,
      `Each of ${judged.length} steps had new processes and connections and lasted ${options.stepMs / 1000} s, or longer for enough requests, with Poisson arrivals.`,
    ],
    trust: best === undefined ? {} : loadTrust(best.step.result, summarizeLoad(best.step.result)),
  }
}

function findBreak(judged: readonly Judged[], { confirmations }: BreakOptions): Finding {
  const searching = judged.filter(({ step }) => step.phase === 'ramp' || step.phase === 'bisect')
  const held = Math.max(
    0,
    ...searching.filter(({ status }) => status === 'held').map(({ step }) => step.rate),
  )
  const failing = searching.filter(({ status }) => status === 'failed').map(({ step }) => step.rate)
  const twice = failing.filter((rate, at) => failing.indexOf(rate) !== at && rate > held)
  const all = (phase: Phase, wanted: StepJudgement['status']): boolean => {
    const tries = judged.filter(({ step, status }) => step.phase === phase && status !== 'doubtful')
    return tries.length === confirmations && tries.every(({ status }) => status === wanted)
  }
  const last = searching.at(-1)
  return {
    held,
    failed: twice.length === 0 ? null : Math.min(...twice),
    isConfirmed: confirmations > 0 && all('below', 'held') && all('above', 'failed'),
    doubt: last?.status === 'doubtful' ? last : undefined,
  }
}

function judge(finding: Finding, options: BreakOptions): Judgement {
  const { held, failed, isConfirmed, doubt } = finding
  const { atLeast, rateFrom, rateMax } = options
  const rate = (value: number): string => `${Math.round(value)} a second`
  if (atLeast !== null && held * 0.95 >= atLeast) {
    return {
      verdict: 'pass',
      reason: `at least ${rate(held)} are held; ${rate(atLeast)} were asked for`,
    }
  }
  if (doubt !== undefined) {
    const why = doubt.isGeneratorBound === true ? 'generator-bound' : doubt.reason
    const reason =
      held === 0 ? `no rate could be judged: ${doubt.reason}` : `≥ ${rate(held)} (${why})`
    return { verdict: 'inconclusive', reason }
  }
  if (held === 0) {
    return failed === null
      ? { verdict: 'inconclusive', reason: 'no step was clear enough to judge' }
      : { verdict: 'fail', reason: `the lowest rate tried, ${rate(rateFrom)}, is not held` }
  }
  if (failed === null) {
    return atLeast === null
      ? {
          verdict: 'pass',
          reason: `everything tried is held, up to ${rate(rateMax)}: a lower bound`,
        }
      : { verdict: 'fail', reason: `only ${rate(held)} were tried of ${rate(atLeast)}` }
  }
  if (!isConfirmed) {
    return {
      verdict: 'inconclusive',
      reason: `about ${rate(held)}, but not confirmed 5 % below and above it`,
    }
  }
  return atLeast === null
    ? { verdict: 'pass', reason: `${rate(held)} are held, ${rate(failed)} are not` }
    : {
        verdict: 'fail',
        reason: `${rate(held)} are held, less than the ${rate(atLeast)} asked for`,
      }
}

function figuresOf(
  { held, failed }: Finding,
  judged: readonly Judged[],
  best: Judged | undefined,
  { objective }: BreakOptions,
): Figure[] {
  const none = (reason: string) => ({ value: null, insufficient: reason })
  const name = `p${objective.share * 100}`
  const summary = best === undefined ? undefined : summarizeLoad(best.step.result)
  return [
    {
      name: 'capacity',
      label: 'highest rate held',
      unit: 'per-second',
      sampleSize: judged.length,
      ...(held === 0 ? none('no rate was held') : { value: held }),
    },
    {
      name: 'capacity.failed',
      label: 'lowest rate not held',
      unit: 'per-second',
      ...(failed === null ? none('no rate failed twice') : { value: failed }),
    },
    ...(summary === undefined
      ? []
      : [
          percentileFigure(
            summary.response,
            objective.share,
            `response.${name.replace('.', '')}`,
            `response ${name} near it`,
          ),
          percentileFigure(summary.response, 0.5, 'response.p50', 'response median near it'),
        ]),
    { name: 'steps', label: 'steps', unit: 'count', value: judged.length },
  ]
}

function exhibitsOf(judged: readonly Judged[], { objective }: BreakOptions): Exhibit[] {
  const sorted = judged.toSorted((a, b) => a.step.rate - b.step.rate)
  return [kneeChart(sorted), latencyChart(sorted, objective), stepTable(judged)]
}

const PLANNED = { label: 'planned', unit: 'per-second', scale: 'log' } as const

/** @param sorted - By their rate, and at least one. */
function kneeChart(sorted: readonly Judged[]): Exhibit {
  const goodput = sorted.map(
    ({ step }) => [step.rate, Math.max(0.1, summarizeLoad(step.result).ratePerSecond)] as const,
  )
  const diagonal = [sorted[0]!, sorted.at(-1)!].map(({ step }) => [step.rate, step.rate] as const)
  return {
    kind: 'lines',
    id: 'knee',
    title: 'Good answers against planned requests',
    caption: 'Where the curve leaves the diagonal, the server no longer keeps up.',
    x: PLANNED,
    y: { label: 'good answers', unit: 'per-second', scale: 'log' },
    series: [
      { label: 'answered', points: goodput, marks: true },
      { label: 'as planned', points: diagonal, dashed: true },
    ],
  }
}

function latencyChart(
  sorted: readonly Judged[],
  { share, limitMs }: BreakOptions['objective'],
): Exhibit {
  const name = `p${share * 100}`
  const points = sorted.map(({ step }) => {
    const us = summarizeLoad(step.result).response.quantile(share)
    return [step.rate, Math.max(1, us) / 1000] as const
  })
  return {
    kind: 'lines',
    id: 'latency-by-rate',
    title: 'Response time by rate',
    caption: `Each step's ${name}; the line is the objective.`,
    x: PLANNED,
    y: { label: name, unit: 'milliseconds', scale: 'log' },
    series: [{ label: name, marks: true, points }],
    levels: [{ label: 'objective', value: limitMs }],
  }
}

const stepTable = (judged: readonly Judged[]): Exhibit => ({
  kind: 'table',
  id: 'steps',
  title: 'Steps',
  caption: 'Every rate that was tried, in the order in which it was.',
  columns: [
    { label: 'phase' },
    { label: 'rate', unit: 'per-second' },
    { label: 'result' },
    { label: 'why' },
  ],
  rows: judged.map(({ step, status, reason }) => [
    step.phase,
    Math.round(step.rate),
    status,
    reason,
  ]),
})
