import { PlainAnswer } from '../../core/answer.ts'
import type { ExchangeTimes } from './age.ts'
import { bytesOfBody, declaredBytes, fieldsOf, streamOf } from './answer-body.ts'
import type { CacheStatus } from './cache-status.ts'
import { fill } from './filling.ts'
import type { Flight } from './flights.ts'
import { surrogatesOf } from './keep.ts'
import { answersRange, isKnownPart, isPart, partOf } from './parts.ts'
import { historyOf } from './predictor.ts'
import type { Lookup, RecallOptions, SharedParts } from './recall-types.ts'
import type { Responder } from './responder.ts'
import { fwdOf } from './responder.ts'
import type { Shelf, Shelved } from './shelf.ts'
import type { NotStored, StoreDecision } from './store-decision.ts'
import { decideStore, isOnesOwn } from './store-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import type { Terms } from './terms.ts'
import { forbidsStale } from './terms.ts'

/** Bodies of a known length up to this are awaited whole; larger ones are passed on as they arrive. */
const WHOLE_BYTES_MAX = 65_536

/** A response that may be stored, unless its body turns out otherwise. */
interface Accepted {
  readonly decision: Extract<StoreDecision, { store: true }>
  readonly surrogates: readonly string[]
  readonly declared: number | undefined
}

/** The origin's answer, and when it came. */
export interface Arrival {
  readonly answer: PlainAnswer
  readonly times: ExchangeTimes
  readonly since: number
}

/** Stores answers of the origin, where they may be stored, and answers with them. */
export class Taker<R> {
  private readonly options: RecallOptions
  private readonly parts: SharedParts<R>
  private readonly shelf: Shelf
  private readonly responder: Responder<R>

  constructor(
    options: RecallOptions,
    parts: SharedParts<R>,
    shelf: Shelf,
    responder: Responder<R>,
  ) {
    this.options = options
    this.parts = parts
    this.shelf = shelf
    this.responder = responder
  }

  /** Stores an answer, or finds out why not, and tells the requests that wait for it. */
  async take(
    lookup: Lookup<R>,
    arrival: Arrival,
    flight: Flight<R> | undefined,
  ): Promise<PlainAnswer> {
    const { request, stored, hash } = lookup
    const { answer, times } = arrival
    const { status } = answer
    this.parts.outages.end(hash)
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
      // Even a new answer that may not be stored makes the old one outdated, and parts of it.
      if (status < 500 && !isOnesOwn(request)) {
        const isWhole = status !== 206 && reason !== 'range-error'
        if (stored !== undefined) this.shelf.forget(request, hash, stored)
        for (const part of isWhole ? this.shelf.parts(request, hash) : [])
          this.shelf.forget(request, hash, part)
      }
      return this.refuse(
        lookup,
        answer,
        { reason: reason ?? 'refused', terms: decision.terms },
        flight,
      )
    }
    return this.fillIn(lookup, arrival, { decision, surrogates, declared }, flight)
  }

  private refuse(
    lookup: Lookup<R>,
    answer: PlainAnswer,
    { reason, terms }: { readonly reason: NotStored; readonly terms: Terms | undefined },
    flight: Flight<R> | undefined,
  ): PlainAnswer {
    // That one part could not be stored says nothing about others, or about the whole.
    if (answer.status !== 206 && reason !== 'range-error') this.learn(lookup, false)
    this.note(lookup, answer.status, reason, terms)
    lookup.origin.bindToClient()
    flight?.land({ kind: 'alone' })
    return this.responder.pass(
      lookup,
      answer,
      { hit: false, fwd: fwdOf(lookup), detail: reason },
      true,
    )
  }

  /** Reads the body into the store: all of it before answering when it is small, and otherwise while it passes. */
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
    return this.responder.pass(lookup, passing, told, true)
  }

  /** Stores a response that has arrived completely, and answers with it. */
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
    // A client gets the part that was sent to it, even if the store has joined it, and the fields that are not stored.
    if (status === 206 || privateFields.length > 0 || noCacheFields.length > 0) {
      const sent = new PlainAnswer(status, fieldsOf(arrival.answer), body)
      return this.responder.pass(lookup, sent, tell(told, shelved), true)
    }
    if (shelved.stored === undefined) throw new TypeError('the response that was stored is missing')
    return this.responder.serve(lookup, shelved.stored, tell(told, shelved))
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
    if (reason === 'too-large') this.learn(lookup, false)
    this.note(lookup, status, reason)
    lookup.origin.bindToClient()
    flight?.land({ kind: 'alone' })
  }

  /** Tells the requests that wait, and remembers the outcome. */
  land(
    lookup: Lookup<R>,
    { stored, reason }: Shelved,
    status: number,
    flight: Flight<R> | undefined,
  ): void {
    this.note(lookup, status, reason, stored?.terms)
    const isOfUse = reason === undefined && stored !== undefined && isUsable(stored, lookup)
    this.learn(lookup, true)
    flight?.land(isOfUse || reason === 'overtaken' ? { kind: 'stored' } : { kind: 'alone' })
  }

  /** Whether requests like this one should wait for one another from now on. */
  private learn({ request, hash }: Lookup<R>, isCacheable: boolean): void {
    const { predictor, clock } = this.parts
    predictor.note(historyOf(request, hash), isCacheable, clock.nowMs())
  }

  private note(
    { request, hash }: Lookup<R>,
    status: number,
    reason: NotStored | undefined,
    terms?: Terms,
  ): void {
    const { verdicts, clock, onNotStored } = this.parts
    verdicts.note(request.key, hash, {
      stored: reason === undefined,
      reason,
      status,
      atMs: clock.nowMs(),
      forbidsStale: terms !== undefined && forbidsStale(terms),
    })
    if (reason !== undefined) onNotStored(reason)
  }
}

/** Whether another request for the same resource can be answered with it without asking the origin. */
const isUsable = <R>(stored: StoredResponse, { request }: Lookup<R>): boolean =>
  !stored.terms.alwaysAsk &&
  stored.terms.lifetimeMs > stored.terms.ageMs &&
  (!isPart(stored) || answersRange(stored, request.fields.get('range')))

const tell = (told: CacheStatus, { reason }: Shelved): CacheStatus =>
  reason === undefined ? { ...told, stored: true } : { ...told, detail: reason }
