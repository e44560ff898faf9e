/**
 * Remembers for a while which keys led to values that could not be stored, so that nobody waits in line for something
 * that cannot be shared. Memory is fixed: a newer key takes the place of an older one.
 */
export interface Predictor {
  /** Whether a load of the key will be of no use to others. */
  isUncacheable(hash: number, nowMs: number): boolean
  note(hash: number, isCacheable: boolean, nowMs: number): void
}

/** Places of a predictor: 2¹³ of 12 bytes. */
const PLACES = 2 ** 13

/** Creates a {@link Predictor} that remembers for `rememberMs`. */
export function createPredictor(rememberMs = 120_000): Predictor {
  const hashes = new Int32Array(PLACES)
  const untils = new Float64Array(PLACES)
  return {
    isUncacheable(hash, nowMs) {
      const place = hash & (PLACES - 1)
      return hashes[place] === hash && nowMs < untils[place]!
    },
    note(hash, isCacheable, nowMs) {
      const place = hash & (PLACES - 1)
      if (isCacheable) {
        if (hashes[place] === hash) untils[place] = 0
        return
      }
      hashes[place] = hash
      untils[place] = nowMs + rememberMs
    },
  }
}
