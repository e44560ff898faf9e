/** Options of a cache experiment. */
export interface CacheOptions {
  /** URL with `{key}` where the key goes. */
  readonly target: string
  readonly allowRemote: boolean
  readonly insecure: boolean
  readonly headers: Readonly<Record<string, string>>
  /** How keys are drawn while warm: 80 % of the requests for a fifth of the keys, or by Zipf's law. */
  readonly popularity: 'hot' | 'zipf'
  /** Exponent of Zipf's law. */
  readonly exponent: number
  readonly keys: number
  /** Number of keys in the thrash phase: more than fit into the cache. */
  readonly thrashKeys: number
  readonly rate: number
  /** Length of the warm phase and of the thrash phase. */
  readonly phaseMs: number
  readonly timeoutMs: number
  /** How many requests for one new key are sent at once, and how often that is repeated. */
  readonly stampede: { readonly requests: number; readonly rounds: number }
  /** Where to read how often the origin was asked: a URL and a JSON Pointer; `null` if nowhere. */
  readonly originCounter: { readonly url: string; readonly pointer: string } | null
  /** The `Authorization` values of two callers whose answers must be kept apart. */
  readonly callers: { readonly headers: Readonly<Record<'first' | 'second', string>> } | null
  /** Whether every body must contain the requested key. */
  readonly bodyNamesKey: boolean
  /** Smallest share of hits while warm; `null` to only find out. */
  readonly hitRatioMin: number | null
  /** Most origin requests for a stampede; `null` to only find out. */
  readonly stampedeMax: number | null
}
