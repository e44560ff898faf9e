import { concatBytes } from '../../core/bytes.ts'
import { byteRange, isSingleRange } from './byte-range.ts'
import { parseContentRange } from './content-range.ts'
import type { Fields, FieldReader } from './fields.ts'
import { readFields } from './fields.ts'
import type { StoredPart, StoredResponse } from './stored-response.ts'
import { strongValidator } from './strong-validator.ts'
import { updatedFields } from './update.ts'

/** A stored response that holds only a part of the content. */
export type StoredPartial = StoredResponse & { readonly part: StoredPart }

/** Whether a stored response holds a part of the content only. */
export const isPart = (stored: StoredResponse): stored is StoredPartial => stored.part !== undefined

/**
 * Whether a 206 can be stored as a part (RFC 9111 §3.3): it answers a request for one range, says where its content
 * belongs, and has all the fields of a whole response, which an answer to If-Range does not (RFC 9110 §15.3.7).
 */
export const isKnownPart = (request: FieldReader, response: FieldReader): boolean =>
  isSingleRange(request.get('range')) &&
  request.get('if-range') === null &&
  parseContentRange(response.get('content-range')) !== undefined

/**
 * Where the bytes of a part belong. If there are not as many as Content-Range says, nobody knows which are missing; the
 * response then answers only a request for exactly the same range, unchanged.
 */
export function partOf(
  request: FieldReader,
  response: FieldReader,
  bytes: number,
): StoredPart | undefined {
  const contentRange = response.get('content-range')
  const range = parseContentRange(contentRange)
  const asked = request.get('range')
  if (range === undefined || contentRange === null || asked === null) return undefined
  const { first, last, completeBytes } = range
  if (last - first + 1 === bytes) return { first, completeBytes }
  return { first, completeBytes, echoes: { asked, contentRange } }
}

/** Turns a part of which nothing is missing into a complete 200 (RFC 9110 §15.3.7.3). */
export function asWhole(stored: StoredResponse): StoredResponse {
  const { part, ...rest } = stored
  const isWhole =
    part !== undefined &&
    part.echoes === undefined &&
    part.first === 0 &&
    stored.body.length === part.completeBytes
  return isWhole ? { ...rest, status: 200 } : stored
}

/** Whether a part holds everything that a Range field asks for, or shows that the range does not exist. */
export function answersRange({ part, body }: StoredPartial, value: string | null): boolean {
  if (value === null) return false
  if (part.echoes !== undefined) return part.echoes.asked === value
  const range = byteRange(value, part.completeBytes)
  if (range === undefined || range === 'unsatisfiable') return range !== undefined
  return range.first >= part.first && range.last < part.first + body.length
}

/** The strong validator by which parts belong together (RFC 9110 §15.3.7.3). */
export const validatorOf = (stored: StoredResponse): string | undefined =>
  stored.tagIsMade || stored.part?.echoes !== undefined
    ? undefined
    : strongValidator(readFields(stored.fields), stored.terms.storedMs)

/** Whether two stored responses are known to hold (parts of) the same bytes. */
export function sharesValidator(a: StoredResponse, b: StoredResponse): boolean {
  const validator = validatorOf(a)
  return validator !== undefined && validator === validatorOf(b)
}

/**
 * Joins two parts, if they touch or overlap, share a strong validator, and are not too large together (RFC 9111 §3.4,
 * RFC 9110 §15.3.7.3). The fields of the newer one replace those of the older. Once nothing is missing, the result is a
 * complete 200.
 */
export function combine(
  newer: StoredPartial,
  older: StoredPartial,
  bytesMax: number,
): StoredResponse | undefined {
  const { completeBytes } = newer.part
  if (completeBytes !== older.part.completeBytes || !sharesValidator(newer, older)) return undefined
  const first = Math.min(newer.part.first, older.part.first)
  const end = Math.max(endOf(newer), endOf(older))
  const touches = newer.part.first <= endOf(older) && older.part.first <= endOf(newer)
  if (!touches || end - first > bytesMax) return undefined
  const fields = updatedFields(older, newer.fields)
  const surrogates = [...new Set([...newer.surrogates, ...older.surrogates])]
  const body = union(newer, older, first, end)
  return asWhole({ ...newer, fields, surrogates, body, part: { first, completeBytes } })
}

const endOf = ({ part, body }: StoredPartial): number => part.first + body.length

function union(a: StoredPartial, b: StoredPartial, first: number, end: number): Uint8Array {
  if (a.part.first === first && endOf(a) === end) return a.body
  if (b.part.first === first && endOf(b) === end) return b.body
  const [head, tail] = a.part.first === first ? [a, b] : [b, a]
  return concatBytes(head.body, tail.body.subarray(endOf(head) - tail.part.first))
}

/** Fields that ask the origin for everything after a stored beginning, provided that it has not changed. */
export function completionOf(stored: StoredPartial): Fields | undefined {
  const validator = validatorOf(stored)
  if (stored.part.first !== 0 || validator === undefined) return undefined
  return [
    ['range', `bytes=${stored.body.length}-`],
    ['if-range', validator],
  ]
}
