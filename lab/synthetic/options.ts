import type { BurnStats } from './cpu-burn.ts'

/** A delay before an answer. */
export type Delay =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  /** `sigma` is the standard deviation of the logarithm. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }

/**
 * A server whose behavior is known, so that the findings of the lab can be checked against it. Everything that
 * is omitted is off.
 */
export interface SyntheticOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly hostname?: string
  /** Default 0: any free port. */
  readonly port?: number
  readonly seed?: number
  /** Delay before answers of `/delay`. */
  readonly delay?: Delay
  /** A stall that begins `afterMs` after the start; answers of `/delay` wait until it is over. */
  readonly stall?: { readonly afterMs: number; readonly forMs: number }
  /** Requests of `/capacity` that are served at a time, how long each takes, and how many may wait. */
  readonly capacity?: {
    readonly concurrent: number
    readonly serviceMs: number
    readonly queueMax: number
  }
  /**
   * CPU time that `/layers?on=…` burns for each layer, in microseconds of an idle machine; the time it took is in
   * the statistics.
   */
  readonly layersUs?: Readonly<Record<string, number>>
  /** Bytes that each request to `/leak` leaves behind. */
  readonly leakBytes?: number
  /** Share of the requests to `/errors` that fail with 500. */
  readonly errorShare?: number
  readonly cache?: SyntheticCacheOptions
  /** Requests per second that `/limited` allows for each `Authorization`, and that greedy callers get. Default 1. */
  readonly limitPerSecond?: number
}

/** How the cache at `/cache/…` behaves. */
export interface SyntheticCacheOptions {
  /** Entries that fit; the least recently used is evicted. */
  readonly entriesMax: number
  readonly ttlMs: number
  /** How long its origin takes. */
  readonly originMs: number
  /** Whether requests for a key that is being fetched wait for that fetch. */
  readonly coalesces: boolean
  /** Whether callers are kept apart; `false` is a fault that must be found. */
  readonly isolatesCallers: boolean
  /** Which header tells what happened; `none` for a server that does not tell. */
  readonly header: 'age' | 'cache-status' | 'none' | 'x-cache'
}

/** The statistics of the server, at `/stats`. */
export interface SyntheticStats {
  readonly requests: number
  readonly originFetches: number
  readonly cacheHits: number
  readonly leakedBytes: number
  readonly heapBytes: number
  readonly residentBytes: number
  readonly cpuUs: number
  /** CPU time that each layer burned. */
  readonly layers: Readonly<Record<string, BurnStats>>
}
