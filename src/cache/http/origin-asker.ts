import { PlainAnswer } from '../../core/answer.ts'
import type { ExchangeTimes } from './age.ts'
import { answerFrom } from './answer.ts'
import { bytesOfBody, declaredBytes, discard, fieldsOf, streamOf } from './answer-body.ts'
import type { CacheStatus } from './cache-status.ts'
import { cacheStatus } from './cache-status.ts'
import { chooseCoding } from './codings.ts'
import { completed } from './completion.ts'
import { fill } from './filling.ts'
import type { Flight } from './flights.ts'
import { surrogatesOf } from './keep.ts'
import type { StoredPartial } from './parts.ts'
import { answersRange, isKnownPart, isPart, partOf } from './parts.ts'
import { passOn } from './pass-on.ts'
import { hasConditions } from './conditions.ts'
import type { Lookup, Recalled, RecallOptions, RecallRequest, SharedParts } from './recall-types.ts'
import type { Shelf, Shelved } from './shelf.ts'
import { ERROR_STATUSES } from './statuses.ts'
import type { NotStored, StoreDecision } from './store-decision.ts'
import { decideStore } from './store-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import { conditionsOf } from './stored-response.ts'

type Forwarded = NonNullable<CacheStatus['fwd']>

/** Asks the origin, stores what may be stored, and answers with it. */
export interface OriginAsker<R> {
  /** Asks so that the response can be stored, in the client's place; others may wait for it. */
  lead(lookup: Lookup<R>, flight: Flight<R> | undefined): Promise<Recalled<R>>
  /** Sends the request as it came, waiting for nobody and letting nobody wait. */
  alone(lookup: Lookup<R>, fwd: Forwarded): Promise<Recalled<R>>
  /** Stores, if it may be, a response that somebody asked for by another method. */
  keepAnswer(lookup: Lookup<R>, answer: PlainAnswer, times: ExchangeTimes): Promise<PlainAnswer>
  /**
   * Asks in the background, unless somebody does already; resolves with whether there is something stored
   * then that others can use.
   */
  refresh(lookup: Lookup<R>, flightKey: string): Promise<boolean>
  serve(
    lookup: Lookup<R>,
    stored: StoredResponse,
    status: CacheStatus,
  ): PlainAnswer | Promise<PlainAnswer>
  respond(answer: PlainAnswer, status: CacheStatus): PlainAnswer
  pass(
    lookup: Lookup<R>,
    answer: PlainAnswer,
    status: CacheStatus,
    wasStripped: boolean,
  ): PlainAnswer
}

/** Bodies of a known length up to this are awaited whole; larger ones are passed on as they come. */
const WHOLE_BYTES_MAX = 65_536

/** A response that was found fit to be stored, but for its body. */
interface Accepted {
  readonly decision: Extract<StoreDecision, { store: true }>
  readonly surrogates: readonly string[]
  readonly declared: number | undefined
}

/** Creates an {@link OriginAsker}. */
export const createOriginAsker = <R>(
  options: RecallOptions,
  parts: SharedParts<R>,
  shelf: Shelf,
): OriginAsker<R> => new Asker(options, parts, shelf)

/** What the origin answered with, and when. */
interface Arrival {
  readonly answer: PlainAnswer
  readonly times: ExchangeTimes
  readonly since: number
}

class Asker<R> implements OriginAsker<R> {
  private readonly options: RecallOptions
  private readonly parts: SharedParts<R>
  private readonly shelf: Shelf

  constructor(options: RecallOptions, parts: SharedParts<R>, shelf: Shelf) {
    this.options = options
    this.parts = parts
    this.shelf = shelf
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
    return this.take(lookup, { answer, times, since }, undefined)
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
    if (!(outcome instanceof PlainAnswer)) return outcome
    if (fwd !== 'request' && request.method === 'GET' && !hasConditions(request)) {
      const times = { requestMs, responseMs: clock.nowMs() }
      return this.take(lookup, { answer: outcome, times, since }, undefined)
    }
    return this.pass(lookup, outcome, { hit: false, fwd }, false)
  }

  serve(
    lookup: Lookup<R>,
    stored: StoredResponse,
    status: CacheStatus,
  ): PlainAnswer | Promise<PlainAnswer> {
    const { request, hash } = lookup
    const nowMs = this.parts.clock.nowMs()
    const coding =
      stored.mayCode && request.fields.get('range') === null
        ? chooseCoding(request.fields.get('accept-encoding'), this.options.codings)
        : undefined
    if (coding === undefined || stored.coded[coding] !== undefined) {
      return this.respond(answerFrom(request, stored, nowMs, coding), status)
    }
    return this.shelf
      .code(request, hash, stored, coding)
      .then((coded) => this.respond(answerFrom(request, coded, nowMs, coding), status))
  }

  /** What is stored was stripped before: only the status is to be added. */
  respond(answer: PlainAnswer, status: CacheStatus): PlainAnswer {
    const { names, lines } = answer
    const { age = '0' } = answer.extra ?? {}
    const extra: Record<string, string> = {}
    // An Age of 0 would say that a response from the origin is from a cache.
    if (status.hit || age !== '0') extra['age'] = age
    if (this.options.sendsStatus) extra['cache-status'] = cacheStatus(status)
    return new PlainAnswer(answer.status, { names, lines }, answer.body, extra)
  }

  pass(
    { request }: Lookup<R>,
    answer: PlainAnswer,
    status: CacheStatus,
    wasStripped: boolean,
  ): PlainAnswer {
    const passing = { answer, status, wasStripped, nowMs: this.parts.clock.nowMs() }
    return passOn(request, passing, this.options)
  }

  private async ask(
    lookup: Lookup<R>,
    flight: Flight<R> | undefined,
    inBackground: boolean,
  ): Promise<Recalled<R>> {
    const { origin, stored, action, asks, beginning, hash } = lookup
    const conditions = stored === undefined ? asks : [...conditionsOf(stored), ...asks]
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
      return stored !== undefined && standsIn ? this.standIn(lookup, stored) : outcome
    }
    const { status } = outcome
    if (stored !== undefined && status === 304 && conditions.length > 0) {
      outages.end(hash)
      return this.renew(lookup, stored, { answer: outcome, times, since }, flight)
    }
    if (beginning !== undefined && (status === 206 || status === 416)) {
      return this.complete(lookup, beginning, { answer: outcome, times, since }, flight)
    }
    const isError = ERROR_STATUSES.has(status)
    if (stored !== undefined && isError && action.kind === 'revalidate' && action.mayReplaceError) {
      outages.note(hash, 'error', times.responseMs)
      await discard(outcome)
      flight?.land({ kind: 'failed', refusal: undefined })
      return this.standIn(lookup, stored, status)
    }
    outages.end(hash)
    return this.take(lookup, { answer: outcome, times, since }, flight)
  }

  /** The rest of what is stored came; when it does not fit after all, everything is asked for. */
  private async complete(
    lookup: Lookup<R>,
    beginning: StoredPartial,
    { answer, times, since }: Arrival,
    flight: Flight<R> | undefined,
  ): Promise<Recalled<R>> {
    const whole = completed(beginning, answer, times.responseMs)
    if (whole !== undefined) return this.take(lookup, { answer: whole, times, since }, flight)
    await discard(answer)
    return this.ask({ ...lookup, asks: [], beginning: undefined }, flight, false)
  }

  private standIn(
    lookup: Lookup<R>,
    stored: StoredResponse,
    fwdStatus?: number,
  ): PlainAnswer | Promise<PlainAnswer> {
    const ttlS = 'forMs' in lookup.action ? lookup.action.forMs / 1000 : 0
    return this.serve(lookup, stored, {
      hit: true,
      ttlS,
      ...(fwdStatus !== undefined && { fwdStatus }),
      detail: 'stale-if-error',
    })
  }

  /** A 304: what is stored is right, and its fields are renewed (§4.3.4). */
  private renew(
    lookup: Lookup<R>,
    stored: StoredResponse,
    { answer, times, since }: Arrival,
    flight: Flight<R> | undefined,
  ): PlainAnswer | Promise<PlainAnswer> {
    const { request, hash } = lookup
    this.parts.onLookup('revalidated')
    const shelved = this.shelf.renew(request, hash, stored, fieldsOf(answer), times, since)
    this.land(lookup, shelved, stored.status, flight)
    const shown = shelved.stored ?? stored
    return this.serve(lookup, shown, {
      hit: false,
      fwd: fwdOf(lookup),
      fwdStatus: 304,
      stored: shelved.reason === undefined,
    })
  }

  private async take(
    lookup: Lookup<R>,
    arrival: Arrival,
    flight: Flight<R> | undefined,
  ): Promise<PlainAnswer> {
    const { request, stored, hash } = lookup
    const { answer, times } = arrival
    const { status } = answer
    const head = { status, fields: answer, isKnownPart: isKnownPart(request.fields, answer) }
    const decision = decideStore(request, head, times, this.options)
    const surrogates = surrogatesOf(answer, this.options)
    const declared = declaredBytes(answer)
    const reason = !decision.store
      ? decision.reason
      : typeof surrogates === 'string'
        ? surrogates
        : declared !== undefined && declared > this.options.bodyBytesMax
          ? 'too-large'
          : undefined
    if (!decision.store || typeof surrogates === 'string' || reason !== undefined) {
      // A new answer that may not be stored makes the old one outdated all the same.
      if (stored !== undefined && status < 500) this.shelf.forget(request, hash, stored)
      return this.refuse(lookup, answer, reason ?? 'refused', flight)
    }
    return this.fillIn(lookup, arrival, { decision, surrogates, declared }, flight)
  }

  private refuse(
    lookup: Lookup<R>,
    answer: PlainAnswer,
    reason: NotStored,
    flight: Flight<R> | undefined,
  ): PlainAnswer {
    const { predictor, clock } = this.parts
    // That one part could not be stored says nothing of others.
    if (answer.status !== 206) predictor.note(lookup.hash, false, clock.nowMs())
    this.note(lookup, answer.status, reason)
    lookup.origin.bindToClient()
    flight?.land({ kind: 'alone' })
    return this.pass(lookup, answer, { hit: false, fwd: fwdOf(lookup), detail: reason }, true)
  }

  /** Reads the body into the store: whole before answering when it is small, else while it passes. */
  private async fillIn(
    lookup: Lookup<R>,
    arrival: Arrival,
    accepted: Accepted,
    flight: Flight<R> | undefined,
  ): Promise<PlainAnswer> {
    const { answer } = arrival
    const told = { hit: false, fwd: fwdOf(lookup) }
    const here = bytesOfBody(answer.body)
    if (here !== undefined || answer.body === null) {
      return this.keep(lookup, arrival, accepted, here ?? new Uint8Array(), told, flight)
    }
    const filling = fill(streamOf(answer.body), this.options.bodyBytesMax)
    const passing = new PlainAnswer(answer.status, fieldsOf(answer), filling.body)
    if (accepted.declared !== undefined && accepted.declared <= WHOLE_BYTES_MAX) {
      const whole = await filling.whole
      if (whole instanceof Uint8Array) {
        return this.keep(lookup, arrival, accepted, whole, told, flight)
      }
      this.fail(lookup, answer.status, whole, flight)
    } else {
      void filling.whole.then((whole) =>
        whole instanceof Uint8Array
          ? void this.shelve(lookup, arrival, accepted, whole, flight)
          : this.fail(lookup, answer.status, whole, flight),
      )
    }
    // Whether it will be stored is known only when all of it has passed.
    return this.pass(lookup, passing, told, true)
  }

  /** Stores a response of which all is here, and answers with it. */
  private keep(
    lookup: Lookup<R>,
    arrival: Arrival,
    accepted: Accepted,
    body: Uint8Array,
    told: CacheStatus,
    flight: Flight<R> | undefined,
  ): PlainAnswer | Promise<PlainAnswer> {
    const shelved = this.shelve(lookup, arrival, accepted, body, flight)
    const { status } = arrival.answer
    const { privateFields, noCacheFields } = accepted.decision.directives
    // A client gets the part that was sent to it, whatever it has become in store, and fields that are not stored.
    if (status === 206 || privateFields.length > 0 || noCacheFields.length > 0) {
      const sent = new PlainAnswer(status, fieldsOf(arrival.answer), body)
      return this.pass(lookup, sent, tell(told, shelved), true)
    }
    if (shelved.stored === undefined) throw new TypeError('what was kept is not there')
    return this.serve(lookup, shelved.stored, tell(told, shelved))
  }

  private shelve(
    lookup: Lookup<R>,
    { answer, times, since }: Arrival,
    { decision, surrogates }: Accepted,
    body: Uint8Array,
    flight: Flight<R> | undefined,
  ): Shelved {
    const { request, hash } = lookup
    const { status } = answer
    const fields = fieldsOf(answer)
    const part = status === 206 ? partOf(request.fields, answer, body.length) : undefined
    const keeping = { status, fields, body, part, surrogates, times, decision }
    const shelved = this.shelf.keep(request, hash, keeping, since)
    this.land(lookup, shelved, status, flight)
    return shelved
  }

  private fail(
    lookup: Lookup<R>,
    status: number,
    reason: 'too-large' | 'incomplete',
    flight: Flight<R> | undefined,
  ): void {
    const { predictor, clock } = this.parts
    if (reason === 'too-large') predictor.note(lookup.hash, false, clock.nowMs())
    this.note(lookup, status, reason)
    lookup.origin.bindToClient()
    flight?.land({ kind: 'alone' })
  }

  /** Tells those that wait, and remembers what became of it. */
  private land(
    lookup: Lookup<R>,
    { stored, reason }: Shelved,
    status: number,
    flight: Flight<R> | undefined,
  ): void {
    const { predictor, clock } = this.parts
    this.note(lookup, status, reason)
    const isOfUse = reason === undefined && stored !== undefined && isUsable(stored, lookup)
    predictor.note(lookup.hash, true, clock.nowMs())
    flight?.land(isOfUse || reason === 'overtaken' ? { kind: 'stored' } : { kind: 'alone' })
  }

  private note({ request, hash }: Lookup<R>, status: number, reason: NotStored | undefined): void {
    const { verdicts, clock, onNotStored } = this.parts
    const atMs = clock.nowMs()
    verdicts.note(request.key, hash, { stored: reason === undefined, reason, status, atMs })
    if (reason !== undefined) onNotStored(reason)
  }
}

/** Whether another request for the same can be answered with it without asking. */
const isUsable = <R>(stored: StoredResponse, { request }: Lookup<R>): boolean =>
  !stored.terms.alwaysAsk &&
  stored.terms.lifetimeMs > stored.terms.ageMs &&
  (!isPart(stored) || answersRange(stored, request.fields.get('range')))

const tell = (told: CacheStatus, { reason }: Shelved): CacheStatus =>
  reason === undefined ? { ...told, stored: true } : { ...told, detail: reason }

/** Why the origin is asked. */
export function fwdOf<R>({ action, stored, hasParts }: Lookup<R>): Forwarded {
  if (action.kind === 'revalidate') return action.why
  if (stored !== undefined) return 'miss'
  return hasParts ? 'partial' : 'uri-miss'
}

/** What a background request needs of a request whose own life ends before. */
const copyOf = ({ fields }: RecallRequest): RecallRequest['fields'] =>
  fields instanceof Headers ? new Headers(fields) : fields
