/**
 * Counts violations by subject. The counts are exact, because the times of the last few violations are kept.
 * Memory is bounded: when it is full, the subject that has been quiet longest is forgotten.
 */
export interface Violations {
  readonly size: number
  /**
   * Notes a violation; returns whether it was the `threshold`-th within the window, in which case counting starts
   * over.
   *
   * @param nowMs time of a clock that never goes back
   */
  add(subject: string, nowMs: number): boolean
  forget(subject: string): void
}

/** Creates a {@link Violations} counter. */
export function createViolations(options: {
  readonly threshold: number
  readonly windowMs: number
  readonly subjectsMax: number
}): Violations {
  const { threshold, windowMs, subjectsMax } = options
  const bySubject = new Map<string, number[]>()
  return {
    get size() {
      return bySubject.size
    },
    add(subject, nowMs) {
      const known = bySubject.get(subject)
      bySubject.delete(subject)
      const times = known?.filter((timeMs) => timeMs > nowMs - windowMs) ?? []
      times.push(nowMs)
      if (times.length >= threshold) return true
      bySubject.set(subject, times)
      if (bySubject.size > subjectsMax) {
        const [oldest] = bySubject.keys()
        if (oldest !== undefined) bySubject.delete(oldest)
      }
      return false
    },
    forget(subject) {
      bySubject.delete(subject)
    },
  }
}
