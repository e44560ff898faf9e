import { PlainAnswer } from '../../core/answer.ts'
import type { ExchangeTimes } from './age.ts'
import { discard, fieldsOf } from './answer-body.ts'
import { hasConditions } from './conditions.ts'
import type { CacheStatus } from './cache-status.ts'
import type { RequestDirectives } from './directives.ts'
import { ASKS_NOTHING, requestDirectives } from './directives.ts'
import type { Landing } from './flights.ts'
import { invalidatedBy, isUnsafe, standsForGet } from './invalidation.ts'
import type { OriginAsker } from './origin-asker.ts'
import { createOriginAsker, unanswered } from './origin-asker.ts'
import { passOn } from './pass-on.ts'
import { historyOf, showsWho } from './predictor.ts'
import type { PrefetchOutcome } from '../prefetch/prefetcher.ts'
import { decideRecall } from './recall-decision.ts'
import { describeBeginning, describeStored } from './describe-stored.ts'
import type {
  Lookup,
  Origin,
  Recalled,
  RecallOptions,
  RecallRequest,
  SharedParts,
} from './recall-types.ts'
import { urlName } from './resource-names.ts'
import type { Forwarded } from './responder.ts'
import { Responder, fwdOf } from './responder.ts'
import type { Shelf } from './shelf.ts'
import { createShelf } from './shelf.ts'
import { ERROR_STATUSES } from './statuses.ts'
import { decideStore, isOnesOwn, REASONS_NOT_TO_STORE } from './store-decision.ts'
import { describesStored } from './update.ts'
import { select } from './selection.ts'
import { selectionOf } from './variants.ts'

/** The cache of one route's responses. */
export interface RouteCache<R> {
  /** Answers a request: with a stored response, synchronously where possible, or by asking the origin. */
  handle(request: RecallRequest, origin: Origin<R>): Recalled<R> | Promise<Recalled<R>>
  /**
   * Stores what would answer a request, unless that is stored already. Nobody waits for it, and it does not count as a
   * lookup.
   */
  fetchAhead(
    request: RecallRequest,
    origin: Origin<R>,
  ): Promise<Extract<PrefetchOutcome, 'fetched' | 'known' | 'pointless'>>
  /** Says what would be done with a request, and why, in words meant for operators. */
  explain(request: RecallRequest): { readonly answers: boolean; readonly rule: string }
}

/** How often a request waits for others before it asks for itself. */
const ROUNDS_MAX = 3

/** Creates a {@link RouteCache}. */
export function createRouteCache<R>(options: RecallOptions, parts: SharedParts<R>): RouteCache<R> {
  const shelf = createShelf(options, parts)
  const responder = new Responder<R>(options, parts, shelf)
  const asker = createOriginAsker(options, parts, shelf, responder)
  const cache = new RecallingCache(options, parts, shelf, responder, asker)
  return {
    handle: (request, origin) => cache.handle(request, origin),
    fetchAhead: (request, origin) => cache.fetchAhead(request, origin),
    explain: (request) => cache.explain(request),
  }
}

/** Conditions that are for origins alone (RFC 9111 §4.3.2), and requests to leave HTTP. */
const isForOrigin = ({ fields }: RecallRequest): boolean =>
  fields.get('if-match') !== null ||
  fields.get('if-unmodified-since') !== null ||
  fields.get('upgrade') !== null

/** Whether what is stored may stand in for what came in place of an answer, if anything (§4.2.4, RFC 5861 §4). */
function standsInFor<R>({ action, origin }: Lookup<R>, outcome: Recalled<R>): boolean {
  if (action.kind !== 'revalidate') return false
  return outcome instanceof PlainAnswer
    ? action.mayReplaceError && ERROR_STATUSES.has(outcome.status)
    : action.mayReplaceSilence && origin.isSilence(outcome)
}

class RecallingCache<R> {
  private readonly options: RecallOptions
  private readonly parts: SharedParts<R>
  private readonly shelf: Shelf
  private readonly responder: Responder<R>
  private readonly asker: OriginAsker<R>

  constructor(
    options: RecallOptions,
    parts: SharedParts<R>,
    shelf: Shelf,
    responder: Responder<R>,
    asker: OriginAsker<R>,
  ) {
    this.options = options
    this.parts = parts
    this.shelf = shelf
    this.responder = responder
    this.asker = asker
  }

  handle(request: RecallRequest, origin: Origin<R>): Recalled<R> | Promise<Recalled<R>> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const { method } = request
      return isUnsafe(method) ? this.change(request, origin) : this.past(request, origin, 'method')
    }
    if (isForOrigin(request)) {
      this.parts.onLookup('bypass')
      return this.past(request, origin, 'bypass')
    }
    const lookup = this.lookUp(request, origin, 0)
    const { restore } = this.parts
    const { action } = lookup
    const wantsNone = action.kind === 'forward' && action.why === 'request'
    if (restore === undefined || lookup.stored !== undefined || wantsNone)
      return this.recall(lookup)
    return restore(request.key, lookup.hash).then((isThere) =>
      this.recall(isThere ? this.lookUp(request, origin, 0) : lookup),
    )
  }

  async fetchAhead(
    request: RecallRequest,
    origin: Origin<R>,
  ): Promise<'fetched' | 'known' | 'pointless'> {
    if (isForOrigin(request)) return 'pointless'
    let lookup = this.lookUp(request, origin, 0)
    const { restore, predictor } = this.parts
    if (lookup.stored === undefined && (await restore?.(request.key, lookup.hash)) === true) {
      lookup = this.lookUp(request, origin, 0)
    }
    const { action, hash, nowMs } = lookup
    if (action.kind === 'serve') return 'known'
    const isForNobody = action.kind === 'forward' && action.why === 'request'
    if (isForNobody || predictor.isUncacheable(historyOf(request, hash), nowMs)) return 'pointless'
    return (await this.asker.refresh(lookup, this.flightKey(lookup))) ? 'fetched' : 'pointless'
  }

  explain(request: RecallRequest): { readonly answers: boolean; readonly rule: string } {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const rule = isUnsafe(request.method) ? 'invalidates what is stored for the URL' : 'bypass'
      return { answers: false, rule }
    }
    const { store, verdicts, clock } = this.parts
    const hash = store.hash(request.key)
    const { stored, beginning } = select(request, hash, clock.nowMs(), this.shelf)
    const action = decideRecall(this.directivesOf(request), stored?.terms, clock.nowMs())
    const answers = action.kind === 'serve' || action.kind === 'serve-and-refresh'
    if (stored !== undefined)
      return { answers, rule: describeStored(stored, action, clock.nowMs()) }
    if (beginning !== undefined) return { answers: false, rule: describeBeginning(beginning) }
    const verdict = verdicts.find(request.key, hash)
    if (verdict === undefined) return { answers: false, rule: 'miss: nothing is stored' }
    const why =
      verdict.reason === undefined ? 'it is gone since' : REASONS_NOT_TO_STORE[verdict.reason]
    const last = verdict.stored
      ? 'the last response was stored'
      : 'the last response was not stored'
    return { answers: false, rule: `miss: ${last} (${verdict.status}): ${why}` }
  }

  private directivesOf({ fields }: RecallRequest): RequestDirectives {
    return this.options.honorsRequests ? requestDirectives(fields) : ASKS_NOTHING
  }

  private lookUp(request: RecallRequest, origin: Origin<R>, round: number): Lookup<R> {
    const { store, clock } = this.parts
    const hash = store.hash(request.key)
    const nowMs = clock.nowMs()
    const selection = select(request, hash, nowMs, this.shelf)
    const directives = this.directivesOf(request)
    const action = decideRecall(directives, selection.stored?.terms, nowMs)
    return { ...selection, request, origin, hash, directives, action, nowMs, round }
  }

  /** @param waited why the request that this one waited for went to the origin */
  private recall(lookup: Lookup<R>, waited?: Forwarded): Recalled<R> | Promise<Recalled<R>> {
    const { request, action, stored, round } = lookup
    const { onLookup } = this.parts
    if (stored !== undefined && (action.kind === 'serve' || action.kind === 'serve-and-refresh')) {
      const ttlS = action.forMs / 1000
      if (round === 0) onLookup(action.forMs > 0 ? 'hit' : 'stale')
      // What HEAD brings cannot take the place of what is stored; the next GET refreshes it.
      if (action.kind === 'serve-and-refresh' && request.method === 'GET')
        void this.asker.refresh(lookup, this.flightKey(lookup))
      const status: CacheStatus =
        waited === undefined
          ? { hit: true, ttlS }
          : { hit: false, fwd: waited, ttlS, collapsed: true }
      return this.responder.serve(lookup, stored, status)
    }
    if (action.kind === 'unsatisfiable') {
      onLookup('miss')
      return this.responder.respond(new PlainAnswer(504, [], ''), { hit: false })
    }
    if (stored !== undefined && this.standsInAtOnce(lookup)) {
      if (round === 0) onLookup('stale')
      if (this.parts.outages.takesTry(lookup.hash, lookup.nowMs))
        void this.asker.refresh(lookup, this.flightKey(lookup))
      return this.responder.standIn(lookup, stored)
    }
    return this.forward(lookup)
  }

  /**
   * Whether the origin failed when it was asked last, and what is stored may stand in for that (RFC 5861 §4,
   * RFC 9111 §4.2.4): then nobody waits to see it fail again.
   */
  private standsInAtOnce({ request, action, hash, nowMs }: Lookup<R>): boolean {
    if (action.kind !== 'revalidate' || action.why !== 'stale') return false
    const outage = request.method === 'GET' ? this.parts.outages.find(hash, nowMs) : undefined
    if (outage === undefined) return false
    return outage === 'silence' ? action.mayReplaceSilence : action.mayReplaceError
  }

  private forward(lookup: Lookup<R>): Promise<Recalled<R>> {
    const { request, action, stored, asks, hash, nowMs } = lookup
    const { predictor, onLookup } = this.parts
    if (lookup.round === 0)
      onLookup(action.kind === 'forward' && action.why === 'request' ? 'bypass' : 'miss')
    if (request.method === 'HEAD') return this.head(lookup)
    if (action.kind === 'forward') {
      if (action.why === 'request') return this.asker.alone(lookup, action.why)
      const isRange = request.fields.get('range') !== null
      if (isRange && asks.length === 0) return this.asker.alone(lookup, fwdOf(lookup))
      const history = historyOf(request, hash)
      if (predictor.isUncacheable(history, nowMs)) return this.asker.alone(lookup, fwdOf(lookup))
    }
    const mayShare = action.kind !== 'revalidate' || action.why === 'stale'
    const isShared = this.options.coalesces && mayShare && stored?.terms.alwaysAsk !== true
    return isShared ? this.share(lookup) : this.asker.lead(lookup, undefined)
  }

  /** Waits for a request that is under way already, or starts one that others may wait for. */
  private async share(lookup: Lookup<R>): Promise<Recalled<R>> {
    const { flights } = this.parts
    const key = this.flightKey(lookup)
    const joined = flights.join(key)
    if (joined === undefined) return this.asker.lead(lookup, flights.begin(key))
    if (joined === 'crowded') return this.asker.alone(lookup, 'uri-miss')
    return this.afterLanding(lookup, await joined)
  }

  private afterLanding(lookup: Lookup<R>, landing: Landing<R>): Recalled<R> | Promise<Recalled<R>> {
    const { request, origin, round, stored, action } = lookup
    if (landing.kind === 'failed') {
      const standsIn =
        action.kind === 'revalidate' &&
        (landing.refusal === undefined
          ? action.mayReplaceError
          : action.mayReplaceSilence && origin.isSilence(landing.refusal))
      if (stored !== undefined && standsIn) return this.responder.standIn(lookup, stored)
      if (landing.refusal !== undefined)
        return unanswered(lookup, landing.refusal, this.parts.verdicts)
      return this.asker.alone(lookup, 'uri-miss')
    }
    if (landing.kind === 'alone' || round >= ROUNDS_MAX) {
      return this.asker.alone(lookup, 'uri-miss')
    }
    return this.recall(this.lookUp(request, origin, round + 1), fwdOf(lookup))
  }

  private flightKey({ request, hash, asks }: Lookup<R>): string {
    const variants = this.parts.store.get(request.key, hash)
    const range = asks.find(([name]) => name === 'range')?.[1] ?? ''
    const crowd = showsWho(request) ? 'known' : ''
    return `${request.key}\n${selectionOf(variants, request.fields)}\n${range}\n${crowd}`
  }

  /** HEAD goes as it is; a 200 renews what is stored for GET, or tells that it is outdated (§4.3.5). */
  private async head(lookup: Lookup<R>): Promise<Recalled<R>> {
    const { request, origin, stored, hash } = lookup
    const { store, clock, outages } = this.parts
    const since = store.position()
    const requestMs = clock.nowMs()
    const outcome = await origin.ask({ conditions: undefined, inBackground: false })
    if (stored !== undefined && standsInFor(lookup, outcome)) {
      if (!(outcome instanceof PlainAnswer)) return this.responder.standIn(lookup, stored)
      await discard(outcome)
      return this.responder.standIn(lookup, stored, outcome.status)
    }
    if (!(outcome instanceof PlainAnswer)) return unanswered(lookup, outcome, this.parts.verdicts)
    outages.end(hash)
    const times = { requestMs, responseMs: clock.nowMs() }
    if (
      outcome.status === 200 &&
      !lookup.directives.noStore &&
      this.speaksForAll(request, outcome, times)
    ) {
      const held = stored === undefined ? this.shelf.parts(request, hash) : [stored]
      for (const each of held) {
        if (!describesStored(each, outcome)) this.shelf.forget(request, hash, each)
        else if (each === stored)
          this.shelf.renew(request, hash, stored, fieldsOf(outcome), times, since)
      }
    }
    return this.responder.pass(lookup, outcome, { hit: false, fwd: fwdOf(lookup) }, false)
  }

  /** Whether what HEAD brought tells of what everybody who has the key is answered with. */
  private speaksForAll(request: RecallRequest, answer: PlainAnswer, times: ExchangeTimes): boolean {
    if (!isOnesOwn(request)) return true
    const head = { status: answer.status, fields: answer }
    return decideStore({ ...request, method: 'GET' }, head, times, this.options).store
  }

  /** A request that caches have nothing to do with: goes as it is, and so does its answer. */
  private async past(
    request: RecallRequest,
    origin: Origin<R>,
    fwd: Forwarded,
  ): Promise<Recalled<R>> {
    const outcome = await origin.ask({ conditions: undefined, inBackground: false })
    return outcome instanceof PlainAnswer ? this.passed(request, outcome, fwd) : outcome
  }

  private passed(request: RecallRequest, answer: PlainAnswer, fwd: Forwarded): PlainAnswer {
    const nowMs = this.parts.clock.nowMs()
    const passing = { answer, status: { hit: false, fwd }, wasStripped: false, nowMs }
    return passOn(request, passing, this.options)
  }

  /** An unsafe method: goes as it is, and what its answer makes invalid is forgotten (§4.4). */
  private async change(request: RecallRequest, origin: Origin<R>): Promise<Recalled<R>> {
    const { store, onInvalidated, clock, canonicalTarget } = this.parts
    const requestMs = clock.nowMs()
    const outcome = await origin.ask({ conditions: undefined, inBackground: false })
    const isAnswer = outcome instanceof PlainAnswer
    // Without an answer, nobody knows whether the change was made.
    const urls = isAnswer
      ? invalidatedBy(request.method, request.url, {
          status: outcome.status,
          fields: outcome,
        })
      : [request.url]
    for (const { host, target } of urls) {
      const canonical = canonicalTarget(target)
      if (canonical === undefined) continue
      const url = { host, target: canonical }
      store.invalidate(urlName(url))
      onInvalidated(urlName(url))
    }
    await this.parts.settled?.()
    if (!isAnswer) return outcome
    const answer = { status: outcome.status, fields: outcome }
    const isPlain = !hasConditions(request) && request.fields.get('range') === null
    if (isPlain && standsForGet(request.method, request.url, answer, this.options.targeted)) {
      const lookup = this.lookUp({ ...request, method: 'GET' }, origin, 0)
      return this.asker.keepAnswer(lookup, outcome, { requestMs, responseMs: clock.nowMs() })
    }
    return this.passed(request, outcome, 'method')
  }
}
