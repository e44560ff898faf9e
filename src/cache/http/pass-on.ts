import { PlainAnswer } from '../../core/answer.ts'
import { isNotModified, notModified, withAcceptEncoding } from './answer.ts'
import { declaredBytes, discard, fieldsOf, streamOf } from './answer-body.ts'
import type { CacheStatus } from './cache-status.ts'
import { cacheStatus } from './cache-status.ts'
import { chooseCoding, isCompressible } from './codings.ts'
import { compressStream } from './compress.ts'
import { heedsConditions } from './conditions.ts'
import { responseDirectives } from './directives.ts'
import { weaken } from './entity-tag.ts'
import type { Field } from './fields.ts'
import type { RecallOptions, RecallRequest } from './recall-types.ts'

/** An answer from the origin on its way to the client, without having been stored. */
export interface Passing {
  readonly answer: PlainAnswer
  readonly status: CacheStatus
  /** Whether the client's conditions were withheld from the origin, so that they have to be evaluated here. */
  readonly wasStripped: boolean
  readonly nowMs: number
}

/** Passes an answer on: says what the cache did, and evaluates the client's conditions where it must. */
export function passOn(
  request: RecallRequest,
  passing: Passing,
  options: RecallOptions,
): PlainAnswer {
  const { status, wasStripped, nowMs } = passing
  const answer = dressed(passing.answer, status, options)
  if (
    wasStripped &&
    heedsConditions(answer.status) &&
    isNotModified(request.fields, answer, nowMs)
  ) {
    void discard(answer)
    return new PlainAnswer(304, notModified(fieldsOf(answer)), null)
  }
  return options.codesStreams ? coded(request, answer, options) : answer
}

/** Adds and removes the fields that all answers get or lose, whether they were stored or not. */
function dressed(answer: PlainAnswer, status: CacheStatus, options: RecallOptions): PlainAnswer {
  const { sendsStatus, stripsSurrogates, surrogateFields } = options
  const isDropped = (name: string): boolean =>
    name === 'tollgate-cache-control' || (stripsSurrogates && surrogateFields.includes(name))
  const kept = answer.names.some(isDropped)
    ? new PlainAnswer(
        answer.status,
        fieldsOf(answer).filter(([name]) => !isDropped(name)),
        answer.body,
      )
    : answer
  return sendsStatus
    ? kept.with({ 'cache-status': cacheStatus(status, answer.get('cache-status')) })
    : kept
}

/**
 * Compresses a body as it passes, unless it may hold something private to one caller: next to text that a stranger can
 * have reflected, its compressed length would leak it (BREACH).
 */
function coded(request: RecallRequest, answer: PlainAnswer, options: RecallOptions): PlainAnswer {
  const { status, body } = answer
  const holdsSecrets = request.hasCredentials || request.hasCookies || request.keyHoldsCaller
  if (holdsSecrets || request.method !== 'GET' || status !== 200 || body === null) return answer
  const directives = responseDirectives(answer, options.targeted)
  const isOwn = directives.isPrivate || directives.noStore || answer.has('set-cookie')
  const isSmall = (declaredBytes(answer) ?? Infinity) < options.codeBytesMin
  if (isOwn || isSmall || directives.noTransform || answer.has('content-encoding')) return answer
  if (!isCompressible(answer.get('content-type'))) return answer
  const accepted = chooseCoding(request.fields.get('accept-encoding'), options.codings)
  const vary: Field = ['vary', withAcceptEncoding(answer.get('vary'))]
  const fields = fieldsOf(answer).filter(([name]) => name !== 'vary')
  if (accepted === undefined) return new PlainAnswer(status, [...fields, vary], body)
  const kept = fields.flatMap(([name, value]): Field[] => {
    if (name === 'content-length' || name === 'accept-ranges') return []
    return [[name, name === 'etag' ? weaken(value) : value]]
  })
  kept.push(vary, ['content-encoding', accepted])
  return new PlainAnswer(status, kept, compressStream(streamOf(body), accepted))
}
