import type { Name, ResponseCaches, ResponseStats, ResourceUrl } from '../cache/index.ts'
import {
  everyResponse,
  normalizeHost,
  pathName,
  routeName,
  surrogateName,
  tenantName,
  urlName,
} from '../cache/index.ts'
import type { CacheControl, PurgeKind } from './admin/index.ts'

/** What {@link createCacheControl} needs. */
export interface CacheControlParts<R> {
  /** `undefined` while no configuration stores responses. */
  readonly caches: () => Pick<ResponseCaches<R>, 'invalidate' | 'settled' | 'stats'> | undefined
  /** Statistics of the worker processes, if they take the requests. */
  readonly workers: () => Promise<readonly (ResponseStats | undefined)[]>
}

/** Stored responses as the admin API sees them. */
export function createCacheControl<R>({ caches, workers }: CacheControlParts<R>): CacheControl {
  return {
    stats: async () => mergeResponseStats([caches()?.stats(), ...(await workers())]),
    settled: async () => caches()?.settled(),
    purge(kind, subject) {
      const name = nameOf(kind, subject)
      if (name !== undefined) caches()?.invalidate(name)
      return name !== undefined
    },
  }
}

function nameOf(kind: PurgeKind, subject: string | undefined): Name | undefined {
  if (kind === 'all') return subject === undefined ? everyResponse : undefined
  if (subject === undefined) return undefined
  if (kind === 'key') return surrogateName(subject)
  if (kind === 'route') return routeName(subject)
  if (kind === 'tenant') return tenantName(subject)
  const url = resourceOf(subject)
  if (url === undefined) return undefined
  return kind === 'url' ? urlName(url) : pathName(url)
}

function resourceOf(subject: string): ResourceUrl | undefined {
  if (!URL.canParse(subject)) return undefined
  const { protocol, host, pathname, search } = new URL(subject)
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  return { host: normalizeHost(host), target: pathname + search }
}

const NONE: ResponseStats = {
  hit: 0,
  stale: 0,
  miss: 0,
  revalidated: 0,
  bypass: 0,
  stored: 0,
  storedBytes: 0,
  notStored: {},
  invalidations: 0,
  waiting: 0,
  entries: 0,
  bytes: 0,
}

/** Statistics of several processes, added. */
export function mergeResponseStats(all: readonly (ResponseStats | undefined)[]): ResponseStats {
  const sum = { ...NONE, notStored: {} as Record<string, number> }
  const counts = sum as unknown as Record<string, number>
  for (const { notStored, ...numbers } of all.filter((stats) => stats !== undefined)) {
    for (const [name, value] of Object.entries(numbers)) counts[name] = (counts[name] ?? 0) + value
    for (const [reason, value] of Object.entries(notStored)) {
      sum.notStored[reason] = (sum.notStored[reason] ?? 0) + value
    }
  }
  return sum
}
