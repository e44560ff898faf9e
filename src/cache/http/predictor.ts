/**
 * Remembers, in memory of fixed size, for which keys the last response could not be stored, so that requests for them
 * do not wait for one another. Two keys may share a place; then one is forgotten, which costs one round of waiting.
 */
export interface Predictor {
  /** Whether waiting for another request's response is likely to be in vain. */
  isUncacheable(hash: number, nowMs: number): boolean
  note(hash: number, isCacheable: boolean, nowMs: number): void
}

/** Whether a request shows who it is from. */
export interface Showing {
  readonly hasCredentials: boolean
  readonly hasCookies: boolean
}

/** Whether a request carries something that the key does not hold and that its answer may depend on. */
export const showsWho = ({ hasCredentials, hasCookies }: Showing): boolean =>
  hasCredentials || hasCookies

/**
 * The hash under which the history of a request is kept. Requests with credentials often get responses that may not be
 * stored; that must not decide anything for requests without.
 */
export const historyOf = (request: Showing, hash: number): number =>
  showsWho(request) ? ~hash : hash

const PLACES = 1 << 14

/** Creates a {@link Predictor}. What it learned counts for `memoryMs`. */
export function createPredictor(memoryMs = 60_000): Predictor {
  const hashes = new Int32Array(PLACES)
  const untilMs = new Float64Array(PLACES)
  return {
    isUncacheable(hash, nowMs) {
      const place = hash & (PLACES - 1)
      return hashes[place] === hash && untilMs[place]! > nowMs
    },
    note(hash, isCacheable, nowMs) {
      const place = hash & (PLACES - 1)
      if (!isCacheable) {
        hashes[place] = hash
        untilMs[place] = nowMs + memoryMs
      } else if (hashes[place] === hash) {
        untilMs[place] = 0
      }
    },
  }
}
