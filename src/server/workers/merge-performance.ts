import { PATH } from '../../gate/index.ts'
import type { CachePerformance, PerformanceReport } from '../../signals/index.ts'
import { createLayerTimings, ROUTES_SHOWN } from '../../signals/index.ts'
import type { TargetStats, UpstreamStats } from '../../upstream/index.ts'
import type { WorkerFigures } from './messages.ts'

/** Merges the figures of several processes: counts are added, and of delays the worst is kept. */
export function mergePerformance(
  all: readonly Pick<WorkerFigures, 'performance' | 'timings'>[],
): PerformanceReport | undefined {
  const [first] = all
  if (first === undefined) return undefined
  const reports = all.map(({ performance }) => performance)
  const timings = createLayerTimings(PATH, first.performance.layerTimingOneIn)
  for (const figures of all) timings.add(figures.timings)
  const total = (of: (report: PerformanceReport) => number): number =>
    reports.reduce((sum, report) => sum + of(report), 0)
  return {
    ...first.performance,
    layers: timings.latencies(),
    decisions: addRows(
      reports.map(({ decisions }) => decisions),
      'layer',
    ),
    caches: addRows(
      reports.map(({ caches }) => caches),
      'cache',
    ).map(withRatio),
    authentication: {
      accepted: total(({ authentication }) => authentication.accepted),
      refused: total(({ authentication }) => authentication.refused),
      failures: addRows(
        reports.map(({ authentication }) => authentication.failures),
        'reason',
      ),
    },
    allowLists: addRows(
      reports.map(({ allowLists }) => allowLists),
      'name',
    ).map((list) => Object.assign({}, list, { entries: entriesOf(reports, list.name) })),
    limits: addRows(
      reports.map(({ limits }) => limits),
      'limit',
    ),
    routes: addRows(
      reports.map(({ routes }) => routes),
      'route',
    )
      .toSorted((a, b) => b.requests - a.requests)
      .slice(0, ROUTES_SHOWN),
    memory: combine(
      reports.map(({ memory }) => memory),
      (a, b) => a + b,
    ),
    eventLoop: combine(
      reports.map(({ eventLoop }) => eventLoop),
      Math.max,
    ),
  }
}

/** Adds the counts of several processes. */
export function addCounts<T extends object>(all: readonly [T, ...T[]]): T {
  return combine(all, (a, b) => a + b)
}

/** Merges the upstreams as several processes see them: requests in flight are added, and the worst state is shown. */
export function mergeUpstreams(
  all: readonly (readonly UpstreamStats[])[],
): readonly UpstreamStats[] {
  return addRows(all, 'name').map((upstream) => {
    const seen = all.flat().filter(({ name }) => name === upstream.name)
    const targets = upstream.targets.map((target) =>
      mergeTarget(seen.flatMap((stats) => stats.targets.filter(({ url }) => url === target.url))),
    )
    return Object.assign({}, upstream, {
      targets: targets.filter((target) => target !== undefined),
    })
  })
}

function mergeTarget(seen: readonly TargetStats[]): TargetStats | undefined {
  const [worst] = seen.toSorted((a, b) => STATES[b.breaker] - STATES[a.breaker])
  if (worst === undefined) return undefined
  const sum = (of: (target: TargetStats) => number): number =>
    seen.reduce((total, target) => total + of(target), 0)
  const outcomesRecent = sum((target) => target.outcomesRecent)
  const failedRecent = sum((target) => target.outcomesRecent * (target.failureShare ?? 0))
  const until = Math.max(...seen.map(({ ejectedUntilMs = 0 }) => ejectedUntilMs))
  return {
    ...worst,
    ...(until > 0 && { ejectedUntilMs: until }),
    available: seen.every(({ available }) => available),
    healthy: worstHealth(seen),
    inFlight: sum(({ inFlight }) => inFlight),
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    outcomesRecent,
    failureShare: outcomesRecent === 0 ? null : failedRecent / outcomesRecent,
  }
}

function worstHealth(seen: readonly TargetStats[]): boolean | null {
  if (seen.some(({ healthy }) => healthy === false)) return false
  return seen.some(({ healthy }) => healthy === true) ? true : null
}

const STATES = { closed: 0, 'half-open': 1, open: 2 } as const

/** Merges rows of the same name: their numbers are added, and the rest is that of the first. */
function addRows<K extends string, T extends Readonly<Record<K, string>>>(
  lists: readonly (readonly T[])[],
  key: K,
): T[] {
  const rows = new Map<string, T>()
  for (const row of lists.flat()) {
    const before = rows.get(row[key])
    rows.set(row[key], before === undefined ? row : combine([before, row], (a, b) => a + b))
  }
  return [...rows.values()]
}

function combine<T extends object>(all: readonly T[], of: (a: number, b: number) => number): T {
  return all.reduce((before, next) => {
    const numbers = Object.entries(next).flatMap(([name, value]) => {
      const other: unknown = before[name as keyof T]
      const both = typeof value === 'number' && typeof other === 'number'
      return both ? [[name, of(other, value)] as const] : []
    })
    return Object.assign({}, before, Object.fromEntries(numbers))
  })
}

function withRatio(cache: CachePerformance): CachePerformance {
  const hits = cache.hit + cache.stale
  const asked = hits + cache.miss
  return { ...cache, hitRatio: asked === 0 ? null : hits / asked }
}

function entriesOf(reports: readonly PerformanceReport[], list: string): number {
  const entries = reports.flatMap(({ allowLists }) =>
    allowLists.flatMap((each) => (each.name === list ? [each.entries] : [])),
  )
  return Math.max(0, ...entries)
}
