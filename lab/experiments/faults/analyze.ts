import type { Exhibit, Figure, Judgement, Outcome, Span } from '../../core/index.ts'
import {
  generatorDoubt,
  loadExhibits,
  loadFigures,
  loadTrust,
  summarizeLoad,
} from '../../load/index.ts'
import { wilson } from '../../statistics/index.ts'
import type { FaultsRaw } from './index.ts'
import type { FaultsOptions } from './options.ts'
import type { Recovery } from './recovery.ts'
import { readRecovery } from './recovery.ts'

/** Determines how soon requests noticed a fault, how soon the server recovered, and what it cost. */
export function analyzeFaults(options: FaultsOptions, raw: FaultsRaw, seed: number): Outcome {
  const { result, uncertainMs, injectedMs, clearedMs } = raw
  const summary = summarizeLoad(result)
  const trust = loadTrust(result, summary)
  if (injectedMs === null || clearedMs === null) {
    return {
      judgement: { verdict: 'inconclusive', reason: 'the run ended before the fault was over' },
      figures: [],
      exhibits: [],
      notes: [],
      trust,
    }
  }
  const recovery = readRecovery(result, injectedMs, clearedMs)
  const doubt =
    generatorDoubt(result, summary) ??
    timingDoubt(uncertainMs, result.windowMs) ??
    baselineDoubt(options, recovery)
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
  return {
    judgement:
      doubt === undefined ? judge(options, recovery) : { verdict: 'inconclusive', reason: doubt },
    figures: [
      ...figuresOf(recovery, options),
      ...loadFigures(result, summary, seed).filter(({ name }) =>
        /^(response|lag|rps|error)/.test(name),
      ),
    ],
    exhibits: exhibitsOf(raw, injectedMs, clearedMs, options).concat(
      loadExhibits(result, summary).filter(
        ({ id }) => id !== 'rate-over-time' && id !== 'latency-over-time',
      ),
    ),
    notes: [
      `${options.fault} from ${seconds(injectedMs)} to ${seconds(clearedMs)} of the run, under ${options.rate} planned requests a second.`,
      `As before means: no failure in a window of ${result.windowMs} ms, and its 90th percentile at most ${recovery.limitMs.toFixed(1)} ms.`,
      'Percentiles are those of the whole run, the fault included.',
    ],
    trust,
  }
}

/** Why it is not known which windows the fault falls into. */
function timingDoubt(uncertainMs: number, windowMs: number): string | undefined {
  return uncertainMs > windowMs
    ? `the load began within ${uncertainMs.toFixed(0)} ms: when the fault came is not known to ${windowMs} ms`
    : undefined
}

/** Why a fault that makes every request wait for its end could not have been noticed. */
function baselineDoubt({ fault, forMs }: FaultsOptions, { limitMs }: Recovery): string | undefined {
  const isWaitedFor = fault === 'stop' || fault === 'blackhole'
  return isWaitedFor && limitMs > forMs / 2
    ? `before the fault answers varied so much that up to ${limitMs.toFixed(0)} ms are as before: a wait of ${forMs} ms hardly stands out`
    : undefined
}

function judge(options: FaultsOptions, recovery: Recovery): Judgement {
  const { recoverWithinMs, lostShareMax } = options
  const { isBaselineClean, recoverMs, lost, exposed, detectMs } = recovery
  if (!isBaselineClean) {
    return {
      verdict: 'inconclusive',
      reason: 'requests failed before the fault: there is nothing to compare with',
    }
  }
  if (recoverMs === null) {
    return {
      verdict: 'fail',
      reason: `it was not as before within the ${options.afterMs / 1000} s that were watched`,
    }
  }
  if (recoverMs > recoverWithinMs) {
    return {
      verdict: 'fail',
      reason: `it took ${(recoverMs / 1000).toFixed(2)} s to recover, ${recoverWithinMs / 1000} s were allowed`,
    }
  }
  const share = exposed === 0 ? 0 : lost / exposed
  if (lostShareMax !== null && share > lostShareMax) {
    return {
      verdict: 'fail',
      reason: `${lost} requests were lost, ${(share * 100).toFixed(1)} % of those it met`,
    }
  }
  const after = `as before after ${(recoverMs / 1000).toFixed(2)} s, ${lost} requests lost`
  return { verdict: 'pass', reason: detectMs === null ? `nothing was seen of it; ${after}` : after }
}

function figuresOf(recovery: Recovery, options: FaultsOptions): Figure[] {
  const { detectMs, recoverMs, lost, exposed, backlogSeconds } = recovery
  const orNot = (ms: number | null, why: string) =>
    ms === null ? { value: null, insufficient: why } : { value: ms / 1000 }
  return [
    {
      name: 'recover',
      label: 'time to recover',
      unit: 'seconds',
      ...orNot(recoverMs, `not within the ${options.afterMs / 1000} s that were watched`),
    },
    { name: 'lost', label: 'requests lost', unit: 'count', value: lost, sampleSize: exposed },
    {
      name: 'detect',
      label: 'time until requests saw it',
      unit: 'seconds',
      ...orNot(detectMs, 'no request saw it'),
    },
    {
      name: 'lost.share',
      label: 'lost, of those planned meanwhile',
      unit: 'share',
      sampleSize: exposed,
      ...(exposed === 0
        ? { value: null, insufficient: 'nothing was planned meanwhile' }
        : { value: lost / exposed, interval: wilson(Math.min(lost, exposed), exposed) }),
    },
    { name: 'backlog', label: 'backlog, requests × seconds', unit: 'count', value: backlogSeconds },
  ]
}

function exhibitsOf(
  { result }: FaultsRaw,
  injectedMs: number,
  clearedMs: number,
  { fault }: FaultsOptions,
): Exhibit[] {
  const { windowMs } = result
  const windows = result.windows.slice(0, Math.floor(result.durationMs / windowMs))
  const course = (of: (window: (typeof windows)[number]) => number) =>
    windows.map((window, at) => [((at + 0.5) * windowMs) / 1000, of(window)] as const)
  const perSecond = 1000 / windowMs
  const spans: Span[] = [{ label: fault, from: injectedMs / 1000, to: clearedMs / 1000 }]
  const x = { label: 'time', unit: 'seconds' } as const
  return [
    {
      kind: 'lines',
      id: 'recovery',
      title: 'The fault and the recovery',
      caption: 'Answers by when they came; failures by when their request was planned.',
      x,
      y: { label: 'requests', unit: 'per-second' },
      series: [
        { label: 'planned', points: course(({ planned }) => planned * perSecond) },
        { label: 'answered', points: course(({ completed }) => completed * perSecond) },
        { label: 'failed', points: course(({ failed }) => failed * perSecond) },
      ],
      spans,
    },
    {
      kind: 'lines',
      id: 'backlog',
      title: 'Requests under way',
      caption: 'What piled up while the fault lasted, and how it was worked off.',
      x,
      y: { label: 'under way', unit: 'count' },
      series: [{ label: 'under way', points: course(({ inFlight }) => inFlight) }],
      spans,
    },
  ]
}
