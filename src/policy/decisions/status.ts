/** The status of the decision log. */
export interface DecisionLogStatus {
  readonly written: number
  /** Decisions that `data.system.log.drop` left out. */
  readonly left: number
  /** Decisions that could not be held or sent. */
  readonly lost: number
  readonly waiting: number
  readonly failure: string | undefined
}

/** Adds up the logs of several processes; `null` when there is none. */
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
