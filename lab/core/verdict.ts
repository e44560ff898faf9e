/** What an experiment concludes. `inconclusive` is a result in its own right: the evidence does not suffice. */
export type Verdict = 'pass' | 'fail' | 'inconclusive'

/** A verdict with one sentence that says why. */
export interface Judgement {
  readonly verdict: Verdict
  readonly reason: string
}

/** The exit code of the command that ran the experiment. */
export const EXIT_CODE: Readonly<Record<Verdict, 0 | 6 | 7>> = {
  pass: 0,
  fail: 6,
  inconclusive: 7,
}

const SEVERITY: Readonly<Record<Verdict, number>> = { pass: 0, inconclusive: 1, fail: 2 }

/**
 * The judgement of several together: the worst of them, where `fail` is worse than `inconclusive`.
 *
 * @param judgements - An empty list is `inconclusive`: nothing was shown.
 */
export function worst(judgements: readonly Judgement[]): Judgement {
  const first = judgements[0]
  if (first === undefined) return { verdict: 'inconclusive', reason: 'nothing was measured' }
  return judgements.reduce(
    (found, next) => (SEVERITY[next.verdict] > SEVERITY[found.verdict] ? next : found),
    first,
  )
}
