/** How the log does. */
export interface DecisionLogStatus {
  readonly written: number
  /** Decisions that were left out by `data.system.log.drop`. */
  readonly left: number
  /** Decisions that could not be held or sent. */
  readonly lost: number
  readonly waiting: number
  readonly failure: string | undefined
}

/** Logs of several processes as one; `null` when none is kept. */
export function addDecisionLogs(
  all: readonly (DecisionLogStatus | undefined)[],
): DecisionLogStatus | null {
  const [first, ...rest] = all.filter((status) => status !== undefined)
  if (first === undefined) return null
  return rest.reduce(
    (total, status) => ({
      written: total.written + status.written,
      left: total.left + status.left,
      lost: total.lost + status.lost,
      waiting: total.waiting + status.waiting,
      failure: total.failure ?? status.failure,
    }),
    first,
  )
}
