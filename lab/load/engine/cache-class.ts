import { headerOf } from '../wire/response-parser.ts'

/** What a cache reports that it did. `unknown`: it reports nothing. */
export type CacheClass = 'bypass' | 'hit' | 'miss' | 'stale' | 'unknown'

/**
 * Reads what the server reports about its cache, and never guesses: `Cache-Status` (RFC 9211; the last, which
 * is the nearest cache), `X-Cache`, `CF-Cache-Status`, or an `Age` above 0 (RFC 9111 §5.1).
 */
export function cacheClassOf(head: string): CacheClass {
  const status = headerOf(head, 'cache-status')
  if (status !== undefined) return fromCacheStatus(status)
  const word = headerOf(head, 'x-cache') ?? headerOf(head, 'cf-cache-status')
  if (word !== undefined) return fromWord(word)
  const age = headerOf(head, 'age')
  return age !== undefined && /^[1-9]\d*$/.test(age) ? 'hit' : 'unknown'
}

function fromCacheStatus(value: string): CacheClass {
  const nearest = value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).at(-1) ?? ''
  const parameters = nearest
    .split(';')
    .slice(1)
    .map((part) => part.trim().toLowerCase())
  const detail = parameters.find((part) => part.startsWith('detail='))
  if (parameters.some((part) => part === 'hit' || part === 'hit=?1')) {
    const ttl = parameters.find((part) => part.startsWith('ttl='))
    const isStale = ttl?.startsWith('ttl=-') === true || detail?.includes('stale') === true
    return isStale ? 'stale' : 'hit'
  }
  const forwarded = parameters.find((part) => part.startsWith('fwd='))?.slice(4)
  if (forwarded === undefined) return 'unknown'
  return forwarded === 'bypass' || forwarded === 'method' || forwarded === 'request'
    ? 'bypass'
    : 'miss'
}

function fromWord(value: string): CacheClass {
  const word = value.toLowerCase()
  if (/\bstale|\bupdating/.test(word)) return 'stale'
  if (/\bhit\b|_hit\b/.test(word)) return 'hit'
  if (/\bmiss\b|_miss\b|\bexpired\b|\brevalidated\b/.test(word)) return 'miss'
  return /\bbypass\b|\bdynamic\b|\bpass\b/.test(word) ? 'bypass' : 'unknown'
}
