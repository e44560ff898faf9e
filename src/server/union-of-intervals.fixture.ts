/** An interval of time, in milliseconds of one clock. */
export interface Interval {
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * The union of intervals with one more, in order and without overlap.
 *
 * @param intervals - Such a union.
 */
export function unionWith(intervals: readonly Interval[], added: Interval): readonly Interval[] {
  if (added.untilMs <= added.fromMs) return intervals
  const touches = ({ fromMs, untilMs }: Interval): boolean =>
    fromMs <= added.untilMs && untilMs >= added.fromMs
  const joined = [added, ...intervals.filter(touches)]
  return [
    ...intervals.filter(({ untilMs }) => untilMs < added.fromMs),
    {
      fromMs: Math.min(...joined.map(({ fromMs }) => fromMs)),
      untilMs: Math.max(...joined.map(({ untilMs }) => untilMs)),
    },
    ...intervals.filter(({ fromMs }) => fromMs > added.untilMs),
  ]
}

/** Milliseconds in a union that {@link unionWith} made. */
export const lengthMs = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0)
