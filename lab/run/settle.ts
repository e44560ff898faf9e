import type { Outcome, Trust } from '../core/index.ts'

/** Trust as the analysis and the machine say it together; where both speak, the analysis counts. */
export function mergeTrust(observed: Trust, analyzed: Partial<Trust>): Trust {
  return {
    ...observed,
    ...analyzed,
    discarded: [...(analyzed.discarded ?? []), ...observed.discarded],
    warnings: [...(analyzed.warnings ?? []), ...observed.warnings],
  }
}

/**
 * The outcome in the light of trust: on a machine that belonged to others, figures neither pass nor
 * fail. Pure, so that a replay of `analyze` followed by this gives the stored outcome. An analysis
 * whose figures do not depend on time (a ratio that the server counted) sets a grade of its own.
 */
export function settle(outcome: Outcome, trust: Trust): Outcome {
  if (trust.grade !== 'unusable' || outcome.judgement.verdict === 'inconclusive') return outcome
  const { verdict, reason } = outcome.judgement
  return {
    ...outcome,
    judgement: {
      verdict: 'inconclusive',
      reason: `the machine was too busy with other work to say ${verdict}: ${reason}`,
    },
  }
}
