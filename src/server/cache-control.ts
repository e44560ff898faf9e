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

/** What {@link createCacheControl} stands on. */
export interface CacheControlParts<R> {
  readonly caches: Pick<ResponseCaches<R>, 'invalidate' | 'settled' | 'stats'>
  /** Statistics of worker processes, where they take the requests. */
  readonly workers: () => Promise<readonly ResponseStats[]>
}

/** Stored responses as the admin API sees them. */
export function createCacheControl<R>({ caches, workers }: CacheControlParts<R>): CacheControl {
  return {
    stats: async () => mergeResponseStats([caches.stats(), ...(await workers())]),
    settled: async () => caches.settled(),
    purge(kind, subject) {
      const name = nameOf(kind, subject)
      if (name !== undefined) caches.invalidate(name)
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

/** Statistics of several processes, added. */
export function mergeResponseStats(
  all: readonly [ResponseStats, ...ResponseStats[]],
): ResponseStats {
  const [first, ...others] = all
  const sum = { ...first, notStored: { ...first.notStored } as Record<string, number> }
  const counts = sum as unknown as Record<string, number>
  for (const { notStored, ...numbers } of others) {
    for (const [name, value] of Object.entries(numbers)) counts[name] = (counts[name] ?? 0) + value
    for (const [reason, value] of Object.entries(notStored)) {
      sum.notStored[reason] = (sum.notStored[reason] ?? 0) + value
    }
  }
  return sum
}
