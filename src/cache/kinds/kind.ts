/** Turns values into bytes for levels outside the process, and back. */
export interface Codec<V> {
  encode(value: V): Uint8Array
  /** `undefined` for bytes that are not a value; these count as a miss. */
  decode(bytes: Uint8Array): V | undefined
}

/** What kinds of entries have in common. */
interface KindBase<V> {
  /** Its name in statistics and keys. */
  readonly name: string
  readonly ttlMs: number
  /** Lifetime of entries that say "there is nothing" or "no". */
  readonly negativeTtlMs: number
  /** How many parts of a key a pattern may name, beyond kind, tenant and audience. */
  readonly patternDepth: number
  /** Lifetime of a load's error: it is thrown again without a load. 0 means never. */
  readonly errorTtlMs: number
  /** Bytes of a value in memory. */
  readonly sizeOf: (value: V) => number
  /** Present when entries may leave the process. */
  readonly codec?: Codec<V>
}

/**
 * An entry that says what somebody may do. There is no way to serve it stale: the type has only the hard bound.
 */
export interface DecisionKind<V> extends KindBase<V> {
  readonly class: 'decision'
  /** Whether entries end with the revision of the policy set that decided them. */
  readonly isPolicyBound: boolean
}

/** An entry that says what something is. It may be served stale for a while. */
export interface ContentKind<V> extends KindBase<V> {
  readonly class: 'content'
  /** How long it is served stale while it is loaded again (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number
  /** How long it is served stale when loading it again fails (RFC 5861 §4). */
  readonly staleIfErrorMs: number
  /** Eagerness of early refresh: 1 is the paper's optimum, 0 turns it off. */
  readonly earlyRefreshBeta: number
  /** Present when the lifetime follows how often the value changes. */
  readonly adaptive?: AdaptiveLifetime<V>
}

/** How a lifetime follows the rate of change. */
export interface AdaptiveLifetime<V> {
  readonly ttlMinMs: number
  readonly ttlMaxMs: number
  /** Share of answers that may be out of date on average, between 0 and 1. */
  readonly staleShareMax: number
  readonly isSame: (a: V, b: V) => boolean
}

export type Kind<V> = DecisionKind<V> | ContentKind<V>

type Optional<K, Names extends keyof K> = Omit<K, Names | 'class'> & Partial<Pick<K, Names>>

/** A {@link DecisionKind} with defaults: negative entries for 5 s, bound to no policy, no patterns in parts. */
export const decisionKind = <V>(
  spec: Optional<
    DecisionKind<V>,
    'negativeTtlMs' | 'patternDepth' | 'errorTtlMs' | 'isPolicyBound'
  >,
): DecisionKind<V> => ({
  negativeTtlMs: Math.min(5000, spec.ttlMs),
  patternDepth: 0,
  errorTtlMs: 0,
  isPolicyBound: false,
  ...spec,
  class: 'decision',
})

/** A {@link ContentKind} with defaults: never stale, refreshed early as the paper says. */
export const contentKind = <V>(
  spec: Optional<
    ContentKind<V>,
    | 'negativeTtlMs'
    | 'patternDepth'
    | 'errorTtlMs'
    | 'staleWhileRevalidateMs'
    | 'staleIfErrorMs'
    | 'earlyRefreshBeta'
  >,
): ContentKind<V> => ({
  negativeTtlMs: Math.min(5000, spec.ttlMs),
  patternDepth: 0,
  errorTtlMs: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  earlyRefreshBeta: 1,
  ...spec,
  class: 'content',
})

const TIMES_OF_ALL = ['ttlMs', 'negativeTtlMs', 'errorTtlMs'] as const
const TIMES_OF_CONTENT = ['staleWhileRevalidateMs', 'staleIfErrorMs', 'earlyRefreshBeta'] as const

/**
 * Refuses a kind whose times are not numbers: a lifetime of `NaN` would never end.
 *
 * @throws RangeError naming what is wrong
 */
export function checkKindTimes<V>(kind: Kind<V>): void {
  const refuse = (what: string): never => {
    throw new RangeError(`${what} of the kind ${kind.name} must be a number of 0 or more`)
  }
  for (const name of TIMES_OF_ALL) if (!(kind[name] >= 0)) refuse(name)
  if (kind.class === 'decision') return
  for (const name of TIMES_OF_CONTENT) if (!(kind[name] >= 0)) refuse(name)
  for (const name of ['ttlMinMs', 'ttlMaxMs', 'staleShareMax'] as const) {
    if (kind.adaptive !== undefined && !(kind.adaptive[name] >= 0)) refuse(`adaptive.${name}`)
  }
}
