import type { PlainAnswer } from '../../core/answer.ts'
import type { Clock } from '../../core/clock.ts'
import type { Name } from '../contract.ts'
import type { Coding } from './codings.ts'
import type { RequestDirectives } from './directives.ts'
import type { FieldReader, Fields } from './fields.ts'
import type { Flights } from './flights.ts'
import type { ResourceUrl } from './invalidation.ts'
import type { Outages } from './outages.ts'
import type { Predictor } from './predictor.ts'
import type { RecallAction } from './recall-decision.ts'
import type { ResponseStore } from './response-store.ts'
import type { Selection } from './selection.ts'
import type { NotStored, StoreOptions } from './store-decision.ts'
import type { Verdicts } from './verdicts.ts'

/** How a route's responses are cached. Durations in milliseconds. */
export interface RecallOptions extends StoreOptions {
  readonly route: string
  /** Whether answers tell what the cache did (RFC 9211). */
  readonly sendsStatus: boolean
  /** Fields with surrogate keys. */
  readonly surrogateFields: readonly string[]
  /** Whether clients see those fields. */
  readonly stripsSurrogates: boolean
  /** Whether to make an ETag where the origin gives none. */
  readonly makesTags: boolean
  /** Codings to send stored bodies in; none when empty. */
  readonly codings: readonly Coding[]
  /** Smaller bodies are sent as they are. */
  readonly codeBytesMin: number
  /** Whether responses that are not stored are coded as they pass. */
  readonly codesStreams: boolean
  /** Larger bodies are passed on and not stored. */
  readonly bodyBytesMax: number
  /** The most variants (by Vary) that are stored of one URL. */
  readonly variantsMax: number
  /** Whether requests for the same resource wait for one another. */
  readonly coalesces: boolean
  /** How long a response with a validator is kept beyond its lifetime. */
  readonly keepMs: number
}

/** A request, as the cache sees it. */
export interface RecallRequest {
  /** In capitals. */
  readonly method: string
  readonly fields: FieldReader
  readonly key: string
  readonly url: ResourceUrl
  /** The tenant to whose share of memory the response counts; empty for nobody's. */
  readonly tenantId: string
  readonly hasCredentials: boolean
  readonly hasCookies: boolean
  readonly keyHoldsCaller: boolean
}

/** How the origin is asked. */
export interface Asking {
  /** They replace the client's own conditions and range; `undefined` leaves the request unchanged. */
  readonly conditions: Fields | undefined
  /** Whether no client is waiting for it. */
  readonly inBackground: boolean
}

/** What is asked when nothing stored will do. `R` is a refusal, in place of an answer. */
export interface Origin<R> {
  ask(asking: Asking): Promise<PlainAnswer | R>
  /** From now on the response is for this client alone: when it goes away, the origin need not go on. */
  bindToClient(): void
  /** Whether a refusal means that no answer came, so that a stored response may stand in. */
  isSilence(refusal: R): boolean
  /**
   * What a client gets in place of such a refusal when a response is stored that may not be used without asking: 504
   * (RFC 9111 §5.2.2.2).
   */
  disconnected(refusal: R): R
}

/** The result of a lookup. */
export type LookupResult = 'hit' | 'stale' | 'miss' | 'revalidated' | 'bypass'

/** What a cache of responses needs. */
export interface RecallParts {
  readonly store: ResponseStore
  readonly clock: Clock
  /** The path and query as the gate would write them; `undefined` when it would refuse them. */
  readonly canonicalTarget: (target: string) => string | undefined
  readonly onLookup: (result: LookupResult) => void
  readonly onStored: (bytes: number) => void
  readonly onNotStored: (reason: NotStored) => void
  /** Carries an invalidation to other instances. */
  readonly onInvalidated: (name: Name) => void
  /** Brings what a level behind memory holds for a key into the store; resolves with whether there was anything. */
  readonly restore?: (key: string, hash: number) => Promise<boolean>
  /** Resolves when no restart can undo the invalidations so far. */
  readonly settled?: () => Promise<void>
  /** How many requests may wait for one, and for how long. */
  readonly waitersMax: number
  readonly waitMs: number
}

/** What the caches of all routes share. */
export interface SharedParts<R> extends RecallParts {
  readonly flights: Flights<R>
  readonly predictor: Predictor
  readonly outages: Outages
  readonly verdicts: Verdicts
}

/** A settled result: the answer, or the origin's refusal. */
export type Recalled<R> = PlainAnswer | R

/** A request on its way through the cache. */
export interface Lookup<R> extends Selection {
  readonly request: RecallRequest
  readonly origin: Origin<R>
  readonly hash: number
  readonly directives: RequestDirectives
  readonly action: RecallAction
  readonly nowMs: number
  /** How often it has already waited for another request. */
  readonly round: number
}
