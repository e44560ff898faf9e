/** What is counted for each kind of entry. */
export interface KindStats {
  readonly hits: number
  readonly misses: number
  readonly stores: number
  /** Removed to make room. */
  readonly evictions: number
  /** Removed at the end of their lifetime. */
  readonly expired: number
  /** Removed because something that they depend on was invalidated. */
  readonly invalidated: number
  /** Not stored: larger than the pool or the tenant's quota. */
  readonly refused: number
  readonly entries: number
  readonly bytes: number
}

/** Columns of the table, in the order of {@link KindStats}. */
export const COUNT = {
  hits: 0,
  misses: 1,
  stores: 2,
  evictions: 3,
  expired: 4,
  invalidated: 5,
  refused: 6,
  entries: 7,
  bytes: 8,
} as const

/** How many numbers hold the counts of a kind. */
export const COUNTS_STRIDE = 9

/** Reads the counts of the kind with this number. */
export const readCounts = (counts: Float64Array, kind: number): KindStats => {
  const at = (column: number): number => counts[kind * COUNTS_STRIDE + column] ?? 0
  return {
    hits: at(COUNT.hits),
    misses: at(COUNT.misses),
    stores: at(COUNT.stores),
    evictions: at(COUNT.evictions),
    expired: at(COUNT.expired),
    invalidated: at(COUNT.invalidated),
    refused: at(COUNT.refused),
    entries: at(COUNT.entries),
    bytes: at(COUNT.bytes),
  }
}
