import type { RouteModel } from './route-model.ts'
import type { Visit } from './visit.ts'
import { stepOf, UNTOLD, visitAfter } from './visit.ts'

/** What became of a prefetch. */
export type PrefetchOutcome =
  /** It is stored now, and was not before. */
  | 'fetched'
  /** It was stored already, so nothing was asked. */
  | 'known'
  /** It may not be stored, or cannot be. */
  | 'pointless'
  /** The caller would not have been let through. */
  | 'refused'

/** Counts since the start. */
export interface PrefetchStats {
  /** Responses fetched ahead. */
  readonly fetched: number
  /** Of these, how many the same caller asked for next. */
  readonly used: number
  readonly known: number
  readonly pointless: number
  readonly refused: number
  readonly failed: number
  /** Predictions that were not acted on because enough prefetches were running. */
  readonly crowded: number
  /** Callers whose last visit is remembered. */
  readonly callers: number
}

/** Fetches a visit ahead, as the caller whose visit it follows and with its rights. */
export type FetchAhead = (next: Visit) => Promise<PrefetchOutcome>

/** Fetches what callers are likely to ask for next. */
export interface Prefetcher {
  /** Notes a visit of a caller, and begins to fetch what is likely to follow. */
  visit(caller: string, visit: Visit, fetchAhead: FetchAhead): void
  stats(): PrefetchStats
}

/** What {@link createPrefetcher} needs. */
export interface PrefetcherOptions {
  readonly model: RouteModel
  readonly monotonicMs: () => number
  /** Callers whose last visit is remembered; the longest unseen is forgotten first. */
  readonly callersMax: number
  /** Prefetches under way at one time. */
  readonly atOnceMax: number
  /** Predictions acted on for one visit. */
  readonly perVisitMax: number
  /** Visits further apart than this do not follow one another. */
  readonly pauseMsMax: number
}

interface Ahead {
  readonly step: string
  isFetched: boolean
  isAskedFor: boolean
}

interface LastVisit {
  readonly visit: Visit
  readonly atMs: number
  readonly ahead: readonly Ahead[]
}

/** Longer visits are not remembered, which bounds what a caller can make the gate keep. */
const VISIT_CHARACTERS_MAX = 2048

/**
 * Creates a {@link Prefetcher}. It is only for content: what it fetches is stored under the rules of the cache, like an
 * answer to the caller's own request. Decisions are never made ahead.
 */
export function createPrefetcher(options: PrefetcherOptions): Prefetcher {
  const { model, callersMax, atOnceMax, perVisitMax, pauseMsMax, monotonicMs } = options
  const last = new Map<string, LastVisit>()
  const counts = { fetched: 0, used: 0, known: 0, pointless: 0, refused: 0, failed: 0, crowded: 0 }
  let underWay = 0

  const run = async (ahead: Ahead, next: Visit, fetchAhead: FetchAhead): Promise<void> => {
    underWay += 1
    try {
      const outcome = await fetchAhead(next)
      counts[outcome] += 1
      ahead.isFetched = outcome === 'fetched'
      if (ahead.isFetched && ahead.isAskedFor) counts.used += 1
    } catch {
      counts.failed += 1
    } finally {
      underWay -= 1
    }
  }
  const begin = (visit: Visit, fetchAhead: FetchAhead): readonly Ahead[] => {
    const begun: Ahead[] = []
    for (const { route: step } of model.predict(visit.route)) {
      if (begun.length >= perVisitMax) break
      const next = visitAfter(visit, step)
      if (next === undefined || isSame(next, visit)) continue
      if (underWay >= atOnceMax) {
        counts.crowded += 1
        break
      }
      const ahead = { step, isFetched: false, isAskedFor: false }
      begun.push(ahead)
      void run(ahead, next, fetchAhead)
    }
    return begun
  }
  const learn = (before: LastVisit, visit: Visit): void => {
    const step = stepOf(before.visit, visit)
    model.observe(before.visit.route, step)
    const ahead = step === UNTOLD ? undefined : before.ahead.find((each) => each.step === step)
    if (ahead === undefined || ahead.isAskedFor) return
    ahead.isAskedFor = true
    if (ahead.isFetched) counts.used += 1
  }
  return {
    visit(caller, visit, fetchAhead) {
      const atMs = monotonicMs()
      const before = last.get(caller)
      if (before !== undefined && atMs - before.atMs <= pauseMsMax) learn(before, visit)
      if (before !== undefined) last.delete(caller)
      else if (last.size >= callersMax) forgetOldest(last)
      if (charactersOf(visit) > VISIT_CHARACTERS_MAX) return
      last.set(caller, { visit, atMs, ahead: begin(visit, fetchAhead) })
    },
    stats: () => ({ ...counts, callers: last.size }),
  }
}

const charactersOf = ({ parameters, query }: Visit): number =>
  parameters.reduce((sum, value) => sum + value.length, query.length)

const isSame = (a: Visit, b: Visit): boolean =>
  a.route === b.route &&
  a.query === b.query &&
  a.parameters.every((value, at) => value === b.parameters[at])

/** Forgets an eighth at once, because the first key of a map is slow to find after many deletions. */
function forgetOldest(last: Map<string, LastVisit>): void {
  let count = Math.ceil(last.size / 8)
  for (const caller of last.keys()) {
    if (count === 0) return
    last.delete(caller)
    count -= 1
  }
}
