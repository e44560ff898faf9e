/** Orders from the parent to an instance. Times: milliseconds since the epoch, on one clock for all. */
export type Order =
  /** Answer the keys once. */
  | { readonly kind: 'ask'; readonly id: number; readonly keys: readonly string[] }
  /** Begin to answer the keys, and say so before the answers are there. */
  | { readonly kind: 'begin'; readonly id: number; readonly keys: readonly string[] }
  /** Invalidate a tag. */
  | { readonly kind: 'revoke'; readonly id: number; readonly tag: string }
  /** Answer the keys again and again until all are denied. */
  | { readonly kind: 'watch'; readonly id: number; readonly keys: readonly string[] }
  | { readonly kind: 'stats'; readonly id: number }

/** The answer of an instance to an order. */
export interface Reply {
  readonly id: number
  readonly allowed?: readonly boolean[]
  /** Of `revoke`: whether every instance has been told. */
  readonly isTold?: boolean
  /** Of `watch`: the time of the last answer that was an ALLOW; 0 for none. */
  readonly lastAllowMs?: number
  /** Of `stats`: hits in process, in Redis, and loads. */
  readonly counts?: Readonly<Record<string, number>>
}

/** The same clock in all processes of a machine, with fractions. */
export const wallMs = (): number => performance.timeOrigin + performance.now()
