import { PlainAnswer } from '../../core/answer.ts'
import { answerFrom } from './answer.ts'
import type { CacheStatus } from './cache-status.ts'
import { cacheStatus } from './cache-status.ts'
import { chooseCoding } from './codings.ts'
import { passOn } from './pass-on.ts'
import type { Lookup, RecallOptions, SharedParts } from './recall-types.ts'
import type { Shelf } from './shelf.ts'
import type { StoredResponse } from './stored-response.ts'
import { fieldOf } from './stored-response.ts'

/** Why a request goes to the origin. */
export type Forwarded = NonNullable<CacheStatus['fwd']>

/** Makes the answers that clients get, from stored responses and from those of the origin. */
export class Responder<R> {
  private readonly options: RecallOptions
  private readonly parts: Pick<SharedParts<R>, 'clock'>
  private readonly shelf: Pick<Shelf, 'code'>

  constructor(
    options: RecallOptions,
    parts: Pick<SharedParts<R>, 'clock'>,
    shelf: Pick<Shelf, 'code'>,
  ) {
    this.options = options
    this.parts = parts
    this.shelf = shelf
  }

  /** Answers with a stored response, in the coding that the client prefers. */
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
    const before = fieldOf(stored, 'cache-status')
    if (coding === undefined || stored.coded[coding] !== undefined) {
      return this.respond(answerFrom(request, stored, nowMs, coding), status, before)
    }
    return this.shelf
      .code(request, hash, stored, coding)
      .then((coded) => this.respond(answerFrom(request, coded, nowMs, coding), status, before))
  }

  /**
   * Answers with a stored response in place of an error (RFC 5861 §4), or of no answer at all.
   *
   * @param fwdStatus the status that the origin answered with, if it was asked and did
   */
  standIn(
    lookup: Lookup<R>,
    stored: StoredResponse,
    fwdStatus?: number,
  ): PlainAnswer | Promise<PlainAnswer> {
    const ttlS = 'forMs' in lookup.action ? lookup.action.forMs / 1000 : 0
    const way =
      fwdStatus === undefined ? { hit: true } : { hit: false, fwd: fwdOf(lookup), fwdStatus }
    return this.serve(lookup, stored, { ...way, ttlS, detail: 'stale-if-error' })
  }

  /** Adds Cache-Status, after that of caches `before`. What clients must not see was removed when it was stored. */
  respond(answer: PlainAnswer, status: CacheStatus, before: string | null = null): PlainAnswer {
    const { names, lines } = answer
    const { age = '0' } = answer.extra ?? {}
    const extra: Record<string, string> = {}
    // An Age of 0 would mean that a response straight from the origin came from a cache.
    if (isReused(status) || age !== '0') extra['age'] = age
    if (this.options.sendsStatus) extra['cache-status'] = cacheStatus(status, before)
    else if (before !== null) extra['cache-status'] = before
    return new PlainAnswer(answer.status, { names, lines }, answer.body, extra)
  }

  /** Passes on a response of the origin that was not stored. */
  pass(
    { request }: Lookup<R>,
    answer: PlainAnswer,
    status: CacheStatus,
    wasStripped: boolean,
  ): PlainAnswer {
    const passing = { answer, status, wasStripped, nowMs: this.parts.clock.nowMs() }
    return passOn(request, passing, this.options)
  }
}

/** Whether the answer was stored before, and the origin has not confirmed it (RFC 9111 §4). */
const isReused = ({ hit, collapsed, fwdStatus }: CacheStatus): boolean =>
  hit || collapsed === true || (fwdStatus !== undefined && fwdStatus !== 304)

const FORWARDED = { parts: 'partial', variants: 'vary-miss' } as const

/** Why the origin is asked (RFC 9211 §2.2). */
export function fwdOf<R>({ action, passedOver }: Lookup<R>): Forwarded {
  if (action.kind === 'revalidate') return action.why
  if (action.kind === 'forward' && action.why === 'request') return 'request'
  return passedOver === undefined ? 'uri-miss' : FORWARDED[passedOver]
}
