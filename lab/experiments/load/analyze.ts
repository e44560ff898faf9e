import type { Exhibit, Figure, Judgement, LineChart, Outcome } from '../../core/index.ts'
import { backfill } from '../../histogram/index.ts'
import type { Finding, KeptUp, LoadSummary, Threshold } from '../../load/index.ts'
import {
  generatorDoubt,
  isGeneratorBound,
  judgeThreshold,
  keptUp,
  loadExhibits,
  loadFigures,
  loadTrust,
  parseThreshold,
  percentileFigure,
  summarizeLoad,
} from '../../load/index.ts'
import { findSteadyState, mean } from '../../statistics/index.ts'
import type { LoadRaw } from './measure.ts'
import type { LoadOptions } from './options.ts'

/** Judges a load by its thresholds. */
export function analyzeLoad(options: LoadOptions, raw: LoadRaw, seed: number): Outcome {
  const { result } = raw
  const summary = summarizeLoad(result)
  const thresholds = raw.thresholds.map(parseThreshold)
  const findings = thresholds.map((threshold) => judgeThreshold(threshold, result, summary, seed))
  return {
    judgement: judge(raw, summary, findings),
    figures: [...loadFigures(result, summary, seed), ...estimates(options, raw, summary)],
    exhibits: [
      ...thresholdTable(findings),
      ...loadExhibits(result, summary, latencyLevels(thresholds)),
    ],
    notes: notesOf(raw, summary),
    trust: loadTrust(result, summary),
  }
}

function judge({ result }: LoadRaw, summary: LoadSummary, findings: readonly Finding[]): Judgement {
  if (result.aborted === 'interrupted') {
    return { verdict: 'inconclusive', reason: 'the run was interrupted' }
  }
  if (summary.planned === 0) {
    return { verdict: 'inconclusive', reason: 'nothing was planned after the warm-up' }
  }
  const doubt = generatorDoubt(result, summary)
  if (doubt !== undefined) return { verdict: 'inconclusive', reason: doubt }
  const failed = findings.find(({ status }) => status === 'failed')
  if (failed !== undefined) {
    // If the generator could not reach the rate, that says nothing against the server.
    const isRate = failed.threshold.metric.kind === 'rps'
    if (isRate && isGeneratorBound(result, summary)) {
      const reason = `${failed.reason}, but the generator used its processors fully`
      return { verdict: 'inconclusive', reason }
    }
    return { verdict: 'fail', reason: failed.reason }
  }
  if (result.aborted !== null) return { verdict: 'fail', reason: result.aborted }
  const unknown = findings.find(({ status }) => status === 'unknown')
  if (unknown !== undefined) return { verdict: 'inconclusive', reason: unknown.reason }
  if (findings.length > 0) {
    return { verdict: 'pass', reason: findings.map(({ reason }) => reason).join('; ') }
  }
  return summary.failed === 0
    ? { verdict: 'pass', reason: `all ${summary.planned} requests were answered as they must be` }
    : { verdict: 'fail', reason: `${summary.failed} of ${summary.planned} requests failed` }
}

/** What an open load might have seen, labeled as an estimate. */
function estimates(options: LoadOptions, { result }: LoadRaw, summary: LoadSummary): Figure[] {
  if (options.backfillMs === null || result.model !== 'closed') return []
  const filled = backfill(summary.response, options.backfillMs * 1000)
  return [0.5, 0.99].map((share) =>
    percentileFigure(
      filled,
      share,
      `estimate.p${share * 100}`,
      `estimate for a load that does not wait, p${share * 100}`,
    ),
  )
}

function latencyLevels(thresholds: readonly Threshold[]): LineChart['levels'] {
  return thresholds.flatMap(({ text, metric, limit }) =>
    metric.kind === 'percentile' ? [{ label: text, value: limit }] : [],
  )
}

function thresholdTable(findings: readonly Finding[]): Exhibit[] {
  if (findings.length === 0) return []
  return [
    {
      kind: 'table',
      id: 'thresholds',
      title: 'Thresholds',
      caption: 'What was asked of the server, and what was measured.',
      columns: [{ label: 'threshold' }, { label: 'status' }, { label: 'measured' }],
      rows: findings.map(({ threshold, status, reason }) => [
        threshold.text,
        status,
        reason.slice(threshold.text.length + 2),
      ]),
    },
  ]
}

function notesOf({ result, skipped, scenario }: LoadRaw, summary: LoadSummary): string[] {
  const seconds = (result.durationMs / 1000).toFixed(1)
  const how =
    result.model === 'open'
      ? `planned arrivals at ${result.plannedRate?.toFixed(0)} a second on average, whether or not answers came`
      : `${result.users} users who wait for their answers`
  const first = Math.ceil(result.warmUpMs / result.windowMs)
  const last = Math.floor(result.durationMs / result.windowMs)
  const completed = result.windows.slice(first, last).map((window) => window.completed)
  const steady = findSteadyState(completed)
  const changing = keptUp(result)
  return [
    `Scenario "${scenario}", ${seconds} s: ${how}; ${summary.planned} requests after the warm-up.`,
    ...(changing === undefined
      ? [
          steady.steady
            ? 'The rate of answers was steady.'
            : `The rate of answers was not steady: ${steady.reason}.`,
          ...lateWarmUp(completed, steady, result.windowMs),
        ]
      : [sayChanging(changing)]),
    ...(result.model === 'closed'
      ? [
          'Users wait for their answers, so moments at which the server is slow are seen less often than they are.',
        ]
      : []),
    ...(skipped.length > 0 ? [`Not taken over from the document: ${skipped.join('; ')}`] : []),
  ]
}

function sayChanging({ least, most, rate, behindFrom }: KeptUp): string {
  const range = `Between ${Math.round(least)} and ${Math.round(most)} requests a second were planned`
  return behindFrom === null
    ? `${range}; answers kept up to the end.`
    : `${range}; answers kept up with ${Math.round(rate)} and fell behind from ${behindFrom.toFixed(0)} s on.`
}

const WARM_UP_DIFFERENCE = 0.03

/** Reports a start that differs from the steady rest; only `--warm-up` leaves it out. */
function lateWarmUp(
  completed: readonly number[],
  { steady, warmUp }: ReturnType<typeof findSteadyState>,
  windowMs: number,
): string[] {
  if (!steady || warmUp === 0) return []
  const difference = mean(completed.slice(0, warmUp)) / mean(completed.slice(warmUp)) - 1
  if (Math.abs(difference) < WARM_UP_DIFFERENCE) return []
  const seconds = ((warmUp * windowMs) / 1000).toFixed(1)
  return [`The first ${seconds} s still look like warm-up and count; --warm-up leaves out more.`]
}
