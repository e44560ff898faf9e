import type { Outcome, Trust } from '../core/index.ts'

/** Merges what the machine and the analysis say about trust; where both do, the analysis wins. */
export function mergeTrust(observed: Trust, analyzed: Partial<Trust>): Trust {
  return {
    ...observed,
    ...analyzed,
    discarded: [...(analyzed.discarded ?? []), ...observed.discarded],
    warnings: [...(analyzed.warnings ?? []), ...observed.warnings],
  }
}

/**
 * The outcome in the light of trust: on a machine that was busy with other work, figures neither pass nor
 * fail. Pure, so that a replay of `analyze` followed by this gives the stored outcome. An analysis
 * whose figures do not depend on time (a ratio that the server counted) sets its own grade.
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
