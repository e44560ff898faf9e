import type { ReadyFields } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import type { ByteRange } from './byte-range.ts'
import { byteRange } from './byte-range.ts'
import type { Coding } from './codings.ts'
import { heedsConditions } from './conditions.ts'
import { writeContentRange } from './content-range.ts'
import { isNamed, matchesStrongly, weaken } from './entity-tag.ts'
import type { Field, FieldReader } from './fields.ts'
import { readFields } from './fields.ts'
import { dateOf } from './age.ts'
import { parseHttpDate } from './http-date.ts'
import { STATUSES_WITHOUT_CONTENT } from './statuses.ts'
import type { StoredResponse } from './stored-response.ts'
import { currentAgeMs } from './terms.ts'

/** The request that is answered. */
export interface AnsweredRequest {
  readonly method: string
  readonly fields: FieldReader
}

/** Fields that describe content, which a 304 does not have (RFC 9110 §15.4.5). */
const NOT_IN_304 = new Set(['content-encoding', 'content-length', 'content-type', 'content-range'])

/**
 * Answers a GET or HEAD request with a stored response (RFC 9111 §4, RFC 9110 §13.2 and §14.2): 304 if the client has
 * it already, 206 or 416 for a range, and the whole response otherwise. Age is among the extra fields. Pure.
 *
 * @param coding the coding to send the body in, when the response holds it in that coding.
 */
export function answerFrom(
  request: AnsweredRequest,
  stored: StoredResponse,
  nowMs: number,
  coding?: Coding,
): PlainAnswer {
  const { status } = stored
  const extra = { age: String(Math.floor(currentAgeMs(stored.terms, nowMs) / 1000)) }
  const own = readFields(stored.fields)
  if (heedsConditions(status) && isNotModified(request.fields, own, nowMs)) {
    return new PlainAnswer(304, notModified(answerFields(stored, coding)), null, extra)
  }
  const range = coding === undefined ? rangeOf(request, stored, nowMs) : undefined
  if (range !== undefined) return partOf(stored, answerFields(stored, coding), range, extra)
  const { ready, body } = preparedFor(stored, coding)
  if (request.method !== 'HEAD' || body === null) return new PlainAnswer(status, ready, body, extra)
  const fields = answerFields(stored, coding)
  fields.push(['content-length', String(body.length)])
  return new PlainAnswer(status, fields, null, extra)
}

/** What all answers with a stored response have in common; made once, when it is first asked for. */
interface Prepared {
  readonly ready: ReadyFields
  readonly body: Uint8Array | null
}

const preparations = new WeakMap<StoredResponse, Map<Coding | undefined, Prepared>>()

function preparedFor(stored: StoredResponse, coding: Coding | undefined): Prepared {
  let byCoding = preparations.get(stored)
  if (byCoding === undefined) preparations.set(stored, (byCoding = new Map()))
  const known = byCoding.get(coding)
  if (known !== undefined) return known
  const coded = coding === undefined ? undefined : stored.coded[coding]
  const body = STATUSES_WITHOUT_CONTENT.has(stored.status) ? null : (coded ?? stored.body)
  const { names, lines } = new PlainAnswer(stored.status, answerFields(stored, coding), body)
  const prepared = { ready: { names, lines }, body }
  byCoding.set(coding, prepared)
  return prepared
}

function answerFields(stored: StoredResponse, coding: Coding | undefined): Field[] {
  const fields: Field[] = []
  for (const field of stored.fields) {
    const [name, value] = field
    // Cache-Status is appended to by whatever answers (RFC 9211 §2).
    if (name === 'cache-status' || (stored.mayCode && name === 'vary')) continue
    fields.push(coding !== undefined && name === 'etag' ? [name, weaken(value)] : field)
  }
  if (stored.mayCode)
    fields.push(['vary', withAcceptEncoding(readFields(stored.fields).get('vary'))])
  if (coding !== undefined) fields.push(['content-encoding', coding])
  return fields
}

/** Vary of content that is sent in several codings. */
export const withAcceptEncoding = (vary: string | null): string =>
  vary === null || vary === '' ? 'accept-encoding' : `${vary}, accept-encoding`

/** The fields of a 304, given those of the whole answer. */
export const notModified = (fields: readonly Field[]): Field[] =>
  fields.filter(([name]) => !NOT_IN_304.has(name))

/**
 * Whether a client has what these fields describe, by its own conditions (RFC 9110 §13.2.2):
 * If-None-Match alone counts where it is present.
 */
export function isNotModified(request: FieldReader, own: FieldReader, nowMs: number): boolean {
  const ifNoneMatch = request.get('if-none-match')
  if (ifNoneMatch !== null) return isNamed(ifNoneMatch, own.get('etag'))
  const since = request.get('if-modified-since')
  const sinceMs = since === null ? undefined : parseHttpDate(since, nowMs)
  if (sinceMs === undefined) return false
  const modified = own.get('last-modified')
  // RFC 9111 §4.3.2: without Last-Modified, Date stands for it.
  const modifiedMs = modified === null ? dateOf(own, nowMs) : parseHttpDate(modified, nowMs)
  return modifiedMs !== undefined && modifiedMs <= sinceMs
}

function rangeOf(
  { method, fields }: AnsweredRequest,
  stored: StoredResponse,
  nowMs: number,
): ByteRange | 'unsatisfiable' | undefined {
  const { part, body, status } = stored
  const value = fields.get('range')
  if (value === null || method !== 'GET' || (status !== 200 && part === undefined)) return undefined
  if (!meetsIfRange(fields, stored, nowMs)) return undefined
  return byteRange(value, part?.completeBytes ?? body.length)
}

/** Whether an If-Range, where there is one, names what is stored. */
export const meetsIfRange = (
  request: FieldReader,
  stored: StoredResponse,
  nowMs: number,
): boolean => {
  const ifRange = request.get('if-range')
  return ifRange === null || isSame(ifRange.trim(), stored, nowMs)
}

/** If-Range (RFC 9110 §13.1.5): a strong tag, or the exact Last-Modified, at least a second before Date. */
function isSame(ifRange: string, stored: StoredResponse, nowMs: number): boolean {
  const own = readFields(stored.fields)
  const etag = own.get('etag')
  if (ifRange.includes('"')) return etag !== null && matchesStrongly(ifRange, etag)
  const modified = own.get('last-modified')
  if (modified !== ifRange) return false
  const modifiedMs = parseHttpDate(modified, nowMs)
  return modifiedMs !== undefined && dateOf(own, stored.terms.storedMs) - modifiedMs >= 1000
}

function partOf(
  { body, part }: StoredResponse,
  fields: Field[],
  range: ByteRange | 'unsatisfiable',
  extra: Readonly<Record<string, string>>,
): PlainAnswer {
  const completeBytes = part?.completeBytes ?? body.length
  if (part?.echoes !== undefined) {
    fields.push(['content-range', part.echoes.contentRange])
    return new PlainAnswer(206, fields, body, extra)
  }
  if (range === 'unsatisfiable') {
    const kept = fields.filter(([name]) => !NOT_IN_304.has(name))
    kept.push(['content-range', `bytes */${completeBytes}`])
    return new PlainAnswer(416, kept, '', extra)
  }
  const { first, last } = range
  const offset = part?.first ?? 0
  const bytes = body.subarray(first - offset, last - offset + 1)
  fields.push(['content-range', writeContentRange({ first, last, completeBytes })])
  return new PlainAnswer(206, fields, bytes, extra)
}
