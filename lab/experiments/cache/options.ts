/** What is asked about a cache. */
export interface CacheOptions {
  /** URL with `{key}` where the key goes. */
  readonly target: string
  readonly allowRemote: boolean
  readonly insecure: boolean
  readonly headers: Readonly<Record<string, string>>
  /** How keys are drawn while warm: a fifth of them four times of five, or by Zipf's law. */
  readonly popularity: 'hot' | 'zipf'
  /** For Zipf. */
  readonly exponent: number
  readonly keys: number
  /** Keys of the thrash: more than fit. */
  readonly thrashKeys: number
  readonly rate: number
  /** Of the warm and of the thrashing phase. */
  readonly phaseMs: number
  readonly timeoutMs: number
  /** Requests for one new key at once, and how often that is tried. */
  readonly stampede: { readonly requests: number; readonly rounds: number }
  /** Where the server tells how often its origin was asked: a URL and a JSON Pointer; `null` if it does not. */
  readonly originCounter: { readonly url: string; readonly pointer: string } | null
  /** Two callers whose answers must be kept apart, as the value of their `Authorization`. */
  readonly callers: { readonly headers: Readonly<Record<'first' | 'second', string>> } | null
  /** The body must name the key that was asked for. */
  readonly bodyNamesKey: boolean
  /** Smallest share of hits while warm; `null` to only find out. */
  readonly hitRatioMin: number | null
  /** Most origin requests for a stampede; `null` to only find out. */
  readonly stampedeMax: number | null
}
