import type { LoadResult, LoadSummary } from '../../load/index.ts'
import { supportedQuantile, valuesNeeded } from '../../histogram/index.ts'
import { generatorDoubt, summarizeLoad } from '../../load/index.ts'
import type { Objective } from './options.ts'

/** Where in the search a step was taken. */
export type Phase = 'above' | 'below' | 'bisect' | 'ramp'

/** One rate, tried once. */
export interface Step {
  readonly phase: Phase
  readonly rate: number
  /** Without its windows. */
  readonly result: LoadResult
}

/** The result of a step. `doubtful`: it says more about the generator than about the server. */
export interface StepJudgement {
  readonly status: 'doubtful' | 'failed' | 'held'
  readonly reason: string
  /** Whether the generator is the reason for the doubt. */
  readonly isGeneratorBound?: boolean
}

/** Judges a step by the objective. */
export function judgeStep({ result }: Step, objective: Objective): StepJudgement {
  const summary = summarizeLoad(result)
  const { planned, errorRate, response } = summary
  if (planned === 0) return { status: 'doubtful', reason: 'nothing was planned' }
  const doubt = generatorDoubt(result, summary)
  if (doubt !== undefined) return { status: 'doubtful', reason: doubt, isGeneratorBound: true }
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
  if (errorRate >= objective.errorRateMax) {
    return { status: 'failed', reason: `${percent(errorRate)} of the requests failed` }
  }
  const goodput = result.completedInTime / planned
  if (goodput < objective.goodputMin - chanceOf(result, summary)) {
    return { status: 'failed', reason: `${percent(goodput)} were answered in time` }
  }
  const ms = response.quantile(objective.share) / 1000
  const name = `p${objective.share * 100}`
  const { insufficient } = supportedQuantile(response, objective.share)
  // A few requests can show that most of them were too slow, but not how slow one in a hundred is.
  if (insufficient !== undefined && response.quantile(0.5) / 1000 < objective.limitMs) {
    return { status: 'doubtful', reason: insufficient }
  }
  return ms < objective.limitMs
    ? { status: 'held', reason: `${name} ${ms.toFixed(2)} ms` }
    : { status: 'failed', reason: `${name} ${ms.toFixed(2)} ms` }
}

/** Share of a step that is warm-up and does not count. */
export const WARM_UP_SHARE = 0.15
const ROOM = 1.15
const LONGER_MAX = 10

/** How long a rate is tried: long enough for the requests that the percentile needs, within bounds. */
export function stepMsAt(rate: number, { share }: Objective, stepMs: number): number {
  const enoughMs = (ROOM * valuesNeeded(share) * 1000) / ((1 - WARM_UP_SHARE) * rate)
  return Math.min(Math.max(stepMs, enoughMs), LONGER_MAX * stepMs)
}

/**
 * How far goodput may be off by chance: three times its standard deviation. The requests under way when the
 * warm-up and the step end are counted on the wrong side; on average as many as Little's law gives, give or
 * take the square root.
 */
function chanceOf(result: LoadResult, { planned, response, ratePerSecond }: LoadSummary): number {
  if (response.count === 0) return 0
  const underWay = ratePerSecond * Math.min(response.meanUs / 1e6, result.durationMs / 1000)
  return (3 * Math.sqrt(2 * underWay)) / planned
}

const FACTOR = 1.5
const BRACKET = 1.05
const STEPS_MAX = 60
const CLEAR_TRIES = 3

/** What the search needs to know, and how it measures a step. */
export interface Search {
  readonly rateFrom: number
  readonly rateMax: number
  readonly confirmations: number
  readonly judge: (step: Step) => StepJudgement
  readonly run: (rate: number, phase: Phase) => Promise<Step>
}

/**
 * Searches for the highest rate that is held: raises the rate by half until one fails twice in a row, bisects
 * (by ratio) to within 5 %, then repeats a few times 5 % below and above. A step that is doubtful twice ends
 * the climb: beyond it, the generator would be measured.
 */
export async function searchBreak(search: Search): Promise<Step[]> {
  const steps: Step[] = []
  const attempt = async (rate: number, phase: Phase): Promise<StepJudgement['status']> => {
    if (steps.length >= STEPS_MAX) return 'doubtful'
    const step = await search.run(rate, phase)
    steps.push(step)
    return search.judge(step).status
  }
  /** Tries a rate again unless it was clearly held. */
  const twice = async (rate: number, phase: Phase): Promise<StepJudgement['status']> => {
    const first = await attempt(rate, phase)
    return first === 'held' ? first : attempt(rate, phase)
  }
  /** Repeats a confirmation that says nothing about the server. */
  const untilClear = async (rate: number, phase: Phase): Promise<void> => {
    for (let tries = 0; tries < CLEAR_TRIES; tries += 1) {
      if ((await attempt(rate, phase)) !== 'doubtful') return
    }
  }
  let low = 0
  let high = Infinity
  for (let rate = search.rateFrom; high === Infinity; rate *= FACTOR) {
    const tried = Math.min(rate, search.rateMax)
    const status = await twice(tried, 'ramp')
    if (status === 'doubtful') return steps
    if (status === 'failed') high = tried
    else low = tried
    if (status === 'held' && tried >= search.rateMax) return steps
  }
  if (low === 0) return steps
  while (high / low > BRACKET) {
    const middle = Math.sqrt(low * high)
    const status = await twice(middle, 'bisect')
    if (status === 'doubtful') return steps
    if (status === 'held') low = middle
    else high = middle
  }
  for (let at = 0; at < search.confirmations; at += 1) {
    await untilClear(low * 0.95, 'below')
    await untilClear(low * 1.05, 'above')
  }
  return steps
}
