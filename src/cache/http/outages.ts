/** How asking the origin failed: it gave no answer, or an error. */
export type Outage = 'silence' | 'error'

/**
 * Remembers, in memory of fixed size, for which keys the origin failed when it was last asked. For these, a stored
 * response that may stand in does so at once, and the origin is tried in the background, less and less often. Two keys
 * may share a place; then one is forgotten, and somebody waits for the origin once more. The same happens when nobody
 * has tried for two minutes, because an error that long ago is not one "encountered" now (RFC 5861 §4).
 */
export interface Outages {
  /** How asking for a key failed last; `undefined` once it has not, or that is long ago. */
  find(hash: number, nowMs: number): Outage | undefined
  /** Whether the origin is to be tried again; only one of those who ask at the same time gets `true`. */
  takesTry(hash: number, nowMs: number): boolean
  note(hash: number, outage: Outage, nowMs: number): void
  end(hash: number): void
}

const PLACES = 1 << 14
const PAUSE_MS_MIN = 1000
const PAUSE_MS_MAX = 16_000
/** Far more than the longest pause between tries, so that none of a steady flow of requests waits. */
const MEMORY_MS = 120_000
const KINDS = [undefined, 'silence', 'error'] as const

/** Creates {@link Outages}. */
export function createOutages(): Outages {
  const hashes = new Int32Array(PLACES)
  const kinds = new Uint8Array(PLACES)
  const pauseMs = new Float64Array(PLACES)
  const triedMs = new Float64Array(PLACES)
  /** The place of a key that failed; -1 of one that did not. */
  const placeOf = (hash: number): number => {
    const place = hash & (PLACES - 1)
    return kinds[place] !== 0 && hashes[place] === (hash | 0) ? place : -1
  }
  return {
    find(hash, nowMs) {
      const place = placeOf(hash)
      const isKnown = place !== -1 && Math.abs(nowMs - triedMs[place]!) < MEMORY_MS
      return isKnown ? KINDS[kinds[place]!] : undefined
    },
    takesTry(hash, nowMs) {
      const place = placeOf(hash)
      // If the clock was set back, the time counts as passed.
      if (place === -1 || Math.abs(nowMs - triedMs[place]!) < pauseMs[place]!) return false
      triedMs[place] = nowMs
      return true
    },
    note(hash, outage, nowMs) {
      const known = placeOf(hash)
      const place = hash & (PLACES - 1)
      pauseMs[place] = known === -1 ? PAUSE_MS_MIN : Math.min(pauseMs[place]! * 2, PAUSE_MS_MAX)
      hashes[place] = hash
      kinds[place] = KINDS.indexOf(outage)
      triedMs[place] = nowMs
    },
    end(hash) {
      const place = placeOf(hash)
      if (place !== -1) kinds[place] = 0
    },
  }
}
