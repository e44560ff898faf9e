import { PlainAnswer } from '../../core/answer.ts'
import type { ExchangeTimes } from './age.ts'
import { discard, fieldsOf } from './answer-body.ts'
import { completed } from './completion.ts'
import { hasConditions } from './conditions.ts'
import type { Flight } from './flights.ts'
import type { StoredPartial } from './parts.ts'
import type { Lookup, Recalled, RecallOptions, RecallRequest, SharedParts } from './recall-types.ts'
import type { Forwarded, Responder } from './responder.ts'
import { fwdOf } from './responder.ts'
import type { Shelf } from './shelf.ts'
import { ERROR_STATUSES } from './statuses.ts'
import type { StoredResponse } from './stored-response.ts'
import { conditionsOf } from './stored-response.ts'
import type { Arrival } from './taker.ts'
import { Taker } from './taker.ts'
import { forbidsStale } from './terms.ts'
import { concernsStored } from './update.ts'
import type { Verdicts } from './verdicts.ts'

/** Asks the origin, stores what may be stored, and answers with it. */
export interface OriginAsker<R> {
  /** Asks in the client's place, in such a way that the response can be stored; others may wait for it. */
  lead(lookup: Lookup<R>, flight: Flight<R> | undefined): Promise<Recalled<R>>
  /** Forwards the request unchanged; it waits for no other request, and none waits for it. */
  alone(lookup: Lookup<R>, fwd: Forwarded): Promise<Recalled<R>>
  /** Stores the response to a request with another method, if it may be stored. */
  keepAnswer(lookup: Lookup<R>, answer: PlainAnswer, times: ExchangeTimes): Promise<PlainAnswer>
  /**
   * Asks in the background, unless such a request is under way already; resolves with whether something that others can
   * use is stored afterward.
   */
  refresh(lookup: Lookup<R>, flightKey: string): Promise<boolean>
}

/** Creates an {@link OriginAsker}. */
export const createOriginAsker = <R>(
  options: RecallOptions,
  parts: SharedParts<R>,
  shelf: Shelf,
  responder: Responder<R>,
): OriginAsker<R> => new Asker(parts, shelf, responder, new Taker(options, parts, shelf, responder))

class Asker<R> implements OriginAsker<R> {
  private readonly parts: SharedParts<R>
  private readonly shelf: Shelf
  private readonly responder: Responder<R>
  private readonly taker: Taker<R>

  constructor(parts: SharedParts<R>, shelf: Shelf, responder: Responder<R>, taker: Taker<R>) {
    this.parts = parts
    this.shelf = shelf
    this.responder = responder
    this.taker = taker
  }

  async lead(lookup: Lookup<R>, flight: Flight<R> | undefined): Promise<Recalled<R>> {
    try {
      return await this.ask(lookup, flight, false)
    } catch (error) {
      flight?.land({ kind: 'alone' })
      throw error
    }
  }

  keepAnswer(lookup: Lookup<R>, answer: PlainAnswer, times: ExchangeTimes): Promise<PlainAnswer> {
    const since = this.parts.store.position()
    return this.taker.take(lookup, { answer, times, since }, undefined)
  }

  async refresh(lookup: Lookup<R>, flightKey: string): Promise<boolean> {
    const { flights } = this.parts
    if (flights.isUnderWay(flightKey)) return false
    const flight = flights.begin(flightKey)
    const asked = { ...lookup, request: { ...lookup.request, fields: copyOf(lookup.request) } }
    this.ask(asked, flight, true).then(
      (outcome) => {
        if (outcome instanceof PlainAnswer) void discard(outcome)
      },
      () => flight.land({ kind: 'alone' }),
    )
    return (await flight.landing).kind === 'stored'
  }

  async alone(lookup: Lookup<R>, fwd: Forwarded): Promise<Recalled<R>> {
    const { request, origin } = lookup
    const { clock, store } = this.parts
    const since = store.position()
    const requestMs = clock.nowMs()
    const outcome = await origin.ask({ conditions: undefined, inBackground: false })
    if (!(outcome instanceof PlainAnswer)) return unanswered(lookup, outcome, this.parts.verdicts)
    if (fwd !== 'request' && request.method === 'GET' && !hasConditions(request)) {
      const times = { requestMs, responseMs: clock.nowMs() }
      return this.taker.take(lookup, { answer: outcome, times, since }, undefined)
    }
    return this.responder.pass(lookup, outcome, { hit: false, fwd }, false)
  }

  private async ask(
    lookup: Lookup<R>,
    flight: Flight<R> | undefined,
    inBackground: boolean,
    isAnew = false,
  ): Promise<Recalled<R>> {
    const { origin, stored, action, asks, beginning, hash } = lookup
    const conditions = stored === undefined || isAnew ? asks : [...conditionsOf(stored), ...asks]
    const { store, clock, outages } = this.parts
    const since = store.position()
    const requestMs = clock.nowMs()
    const outcome = await origin.ask({ conditions, inBackground })
    const times = { requestMs, responseMs: clock.nowMs() }
    if (!(outcome instanceof PlainAnswer)) {
      if (stored !== undefined && origin.isSilence(outcome))
        outages.note(hash, 'silence', times.responseMs)
      flight?.land({ kind: 'failed', refusal: outcome })
      const mayStandIn = action.kind === 'revalidate' && action.mayReplaceSilence
      const standsIn = mayStandIn && origin.isSilence(outcome)
      if (stored !== undefined && standsIn) return this.responder.standIn(lookup, stored)
      return unanswered(lookup, outcome, this.parts.verdicts)
    }
    const { status } = outcome
    if (stored !== undefined && status === 304 && (isAnew || conditions.length > 0)) {
      outages.end(hash)
      if (concernsStored(stored, outcome))
        return this.renew(lookup, stored, { answer: outcome, times, since }, flight)
      await discard(outcome)
      if (!isAnew) return this.ask(lookup, flight, inBackground, true)
      // The origin contradicts itself: it says that nothing has changed, and that something has.
      flight?.land({ kind: 'alone' })
      return this.responder.serve(lookup, stored, {
        hit: false,
        fwd: fwdOf(lookup),
        fwdStatus: 304,
      })
    }
    if (beginning !== undefined && (status === 206 || status === 416)) {
      return this.complete(lookup, beginning, { answer: outcome, times, since }, flight)
    }
    const isError = ERROR_STATUSES.has(status)
    if (stored !== undefined && isError && action.kind === 'revalidate' && action.mayReplaceError) {
      outages.note(hash, 'error', times.responseMs)
      await discard(outcome)
      flight?.land({ kind: 'failed', refusal: undefined })
      return this.responder.standIn(lookup, stored, status)
    }
    return this.taker.take(lookup, { answer: outcome, times, since }, flight)
  }

  /** The rest of a stored beginning has arrived; if it does not fit after all, everything is asked for. */
  private async complete(
    lookup: Lookup<R>,
    beginning: StoredPartial,
    { answer, times, since }: Arrival,
    flight: Flight<R> | undefined,
  ): Promise<Recalled<R>> {
    const whole = completed(beginning, answer, times.responseMs)
    if (whole !== undefined) return this.taker.take(lookup, { answer: whole, times, since }, flight)
    await discard(answer)
    return this.ask({ ...lookup, asks: [], beginning: undefined }, flight, false)
  }

  /** A 304: the stored response is still right, and its fields are updated (§4.3.4). */
  private renew(
    lookup: Lookup<R>,
    stored: StoredResponse,
    { answer, times, since }: Arrival,
    flight: Flight<R> | undefined,
  ): PlainAnswer | Promise<PlainAnswer> {
    const { request, hash } = lookup
    this.parts.onLookup('revalidated')
    const shelved = this.shelf.renew(request, hash, stored, fieldsOf(answer), times, since)
    this.taker.land(lookup, shelved, stored.status, flight)
    const shown = shelved.stored ?? stored
    return this.responder.serve(lookup, shown, {
      hit: false,
      fwd: fwdOf(lookup),
      fwdStatus: 304,
      stored: shelved.reason === undefined,
    })
  }
}

/**
 * The refusal of a request that the origin did not answer. If the stored response was stale and must not be used
 * without asking, it is the one that RFC 9111 §5.2.2.2 requires, whether the response is still stored or not.
 */
export function unanswered<R>(
  { request, hash, action, stored, origin }: Lookup<R>,
  refusal: R,
  verdicts: Verdicts,
): R {
  if (!origin.isSilence(refusal)) return refusal
  const isStale = action.kind === 'revalidate' && action.why === 'stale'
  const isProhibited =
    stored === undefined
      ? action.kind === 'forward' && verdicts.find(request.key, hash)?.forbidsStale === true
      : isStale && forbidsStale(stored.terms)
  return isProhibited ? origin.disconnected(refusal) : refusal
}

/** A copy of a request's fields for a background request, which outlives it. */
const copyOf = ({ fields }: RecallRequest): RecallRequest['fields'] =>
  fields instanceof Headers ? new Headers(fields) : fields
