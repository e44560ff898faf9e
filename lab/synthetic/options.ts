import type { BurnStats } from './cpu-burn.ts'

/** A delay before an answer. */
export type Delay =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  /** `sigma` is the standard deviation of the logarithm. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }

/**
 * A server whose behavior is known, so that what the lab finds can be held against it. Everything that
 * is left out is off.
 */
export interface SyntheticOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly hostname?: string
  /** Default 0: any that is free. */
  readonly port?: number
  readonly seed?: number
  /** Before answers of `/delay`. */
  readonly delay?: Delay
  /** From so long after the start, answers of `/delay` wait until the stall is over. */
  readonly stall?: { readonly afterMs: number; readonly forMs: number }
  /** Requests of `/capacity` that are served at a time, how long each takes, and how many may wait. */
  readonly capacity?: {
    readonly concurrent: number
    readonly serviceMs: number
    readonly queueMax: number
  }
  /**
   * CPU that `/layers?on=…` burns for each layer, microseconds of an idle machine; what it took is in
   * the statistics.
   */
  readonly layersUs?: Readonly<Record<string, number>>
  /** Bytes that each request to `/leak` leaves behind. */
  readonly leakBytes?: number
  /** Share of the requests to `/errors` that fail with 500. */
  readonly errorShare?: number
  readonly cache?: SyntheticCacheOptions
  /** Requests a second that `/limited` lets through for each `Authorization`, and greedy callers get. Default 1. */
  readonly limitPerSecond?: number
}

/** How the cache at `/cache/…` behaves. */
export interface SyntheticCacheOptions {
  /** Entries that fit; the one used longest ago makes room. */
  readonly entriesMax: number
  readonly ttlMs: number
  /** How long its origin takes. */
  readonly originMs: number
  /** Whether requests for what is just being fetched wait for that fetch. */
  readonly coalesces: boolean
  /** Whether callers are kept apart; `false` is a fault that must be found. */
  readonly isolatesCallers: boolean
  /** Which header tells what happened; `none` is a server that says nothing. */
  readonly header: 'age' | 'cache-status' | 'none' | 'x-cache'
}

/** What the server counted, at `/stats`. */
export interface SyntheticStats {
  readonly requests: number
  readonly originFetches: number
  readonly cacheHits: number
  readonly leakedBytes: number
  readonly heapBytes: number
  readonly residentBytes: number
  readonly cpuUs: number
  /** What each layer burned. */
  readonly layers: Readonly<Record<string, BurnStats>>
}
