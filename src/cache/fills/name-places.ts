import type { EpochTable, Place } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { prefixesOf } from '../keys/prefixes.ts'

/** Scopes whose places are kept at hand. */
const SCOPES_MAX = 16_384

/** What of a kind decides where its keys' names stand. */
export interface PatternedKind {
  readonly patternDepth: number
  /** Whether entries hang on the policy set too: that of everybody and that of their tenant. */
  readonly isPolicyBound: boolean
}

/**
 * Where the names stand that every entry of a key hangs on: its patterns, tenant and policy set. Keys of
 * one scope share one array, so that a million entries do not hold a million.
 */
export function createNamePlaces(
  epochs: EpochTable,
  { patternDepth, isPolicyBound }: PatternedKind,
): (key: CacheKey) => readonly Place[] {
  const shared = new Map<string, readonly Place[]>()
  const make = (key: CacheKey): readonly Place[] => {
    const places = prefixesOf(key, patternDepth).map((name) => epochs.place('prefix', name))
    places.push(epochs.place('tenant', key.owner.tenant))
    if (isPolicyBound) {
      places.push(epochs.place('policy', ''), epochs.place('policy', key.owner.tenant))
    }
    return places
  }
  if (patternDepth > 0) return make
  let last = ''
  let lastPlaces: readonly Place[] = []
  return (key) => {
    if (key.scope === last) return lastPlaces
    let places = shared.get(key.scope)
    if (places === undefined) {
      if (shared.size >= SCOPES_MAX) shared.clear()
      places = make(key)
      shared.set(key.scope, places)
    }
    last = key.scope
    lastPlaces = places
    return places
  }
}
