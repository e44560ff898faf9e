import type { EpochTable, Place } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { prefixesOf } from '../keys/prefixes.ts'

/** For how many scopes the places are kept at hand. */
const SCOPES_MAX = 16_384

/** The part of a kind that decides where the names of its keys stand. */
export interface PatternedKind {
  readonly patternDepth: number
  /** Whether entries also depend on policy sets: that of everybody and that of their tenant. */
  readonly isPolicyBound: boolean
}

/**
 * Finds the places of the names that every entry of a key depends on: its patterns, tenant and policy set. All keys of
 * a scope share one array, so that a million entries do not need a million arrays.
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
