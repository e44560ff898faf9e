import type { RouteModel } from './route-model.ts'

/** Counts since the start. */
export interface PrefetchStats {
  /** Predictions that were acted on. */
  readonly prefetched: number
  /** Of these, how many the same caller asked for next. */
  readonly used: number
  /** `used / prefetched`; `undefined` before the first. */
  readonly hitRatio: number | undefined
  /** Predictions not acted on because enough was under way. */
  readonly refused: number
  readonly failed: number
  /** Callers whose last step is remembered. */
  readonly callers: number
}

/** Fetches what a caller is likely to ask for next. */
export interface Prefetcher {
  /** Notes a step of a caller, and begins to prefetch what is likely to follow. */
  step(caller: string, route: string): void
  stats(): PrefetchStats
}

/** What {@link createPrefetcher} needs. */
export interface PrefetcherOptions {
  readonly model: RouteModel
  /** Brings a route's content for a caller into the cache, as that caller and with its rights. */
  readonly prefetch: (caller: string, route: string) => Promise<unknown>
  /** Callers whose last step is remembered; the longest unseen is forgotten first. */
  readonly callersMax: number
  /** Prefetches under way at one time. */
  readonly atOnceMax: number
  /** Predictions acted on for one step. */
  readonly perStepMax: number
}

interface LastStep {
  readonly route: string
  readonly prefetched: readonly string[]
}

/**
 * Creates a {@link Prefetcher}. It is for content alone: what it fetches is stored under the rules of the
 * cache like an answer to the caller's own request, and decisions are never made ahead.
 */
export function createPrefetcher(options: PrefetcherOptions): Prefetcher {
  const { model, callersMax, atOnceMax, perStepMax } = options
  const last = new Map<string, LastStep>()
  const counts = { prefetched: 0, used: 0, refused: 0, failed: 0 }
  let underWay = 0

  const begin = (caller: string, route: string): boolean => {
    if (underWay >= atOnceMax) {
      counts.refused += 1
      return false
    }
    counts.prefetched += 1
    underWay += 1
    void run(caller, route)
    return true
  }
  const run = async (caller: string, route: string): Promise<void> => {
    try {
      await options.prefetch(caller, route)
    } catch {
      counts.failed += 1
    } finally {
      underWay -= 1
    }
  }
  return {
    step(caller, route) {
      const before = last.get(caller)
      if (before !== undefined) {
        model.observe(before.route, route)
        if (before.prefetched.includes(route)) counts.used += 1
        last.delete(caller)
      } else if (last.size >= callersMax) {
        forgetOldest(last)
      }
      const prefetched = model
        .predict(route)
        .slice(0, perStepMax)
        .map((next) => next.route)
        .filter((next) => next !== route && begin(caller, next))
      last.set(caller, { route, prefetched })
    },
    stats: () => ({
      ...counts,
      hitRatio: counts.prefetched === 0 ? undefined : counts.used / counts.prefetched,
      callers: last.size,
    }),
  }
}

/** Forgets an eighth at once: a map's first key is slow to find after many were deleted. */
function forgetOldest(last: Map<string, LastStep>): void {
  let count = Math.ceil(last.size / 8)
  for (const caller of last.keys()) {
    if (count === 0) return
    last.delete(caller)
    count -= 1
  }
}
