import type { ExchangeTimes } from './age.ts'
import type { Coding } from './codings.ts'
import type { ResponseDirectives } from './directives.ts'
import { makeEntityTag } from './entity-tag.ts'
import type { Field, Fields } from './fields.ts'
import { listOf, readFields } from './fields.ts'
import { formatHttpDate } from './http-date.ts'
import type { Terms } from './terms.ts'

/** Where a stored part belongs within the whole content. */
export interface StoredPart {
  /** Place of the body's first byte. */
  readonly first: number
  /** Length of the whole content. */
  readonly completeBytes: number
  /** Set when the body is not what Content-Range says: it then answers only this very Range, unchanged. */
  readonly echoes?: { readonly asked: string; readonly contentRange: string }
}

/** A stored response. Immutable; it may be one of several variants of its key. */
export interface StoredResponse {
  readonly status: number
  /** The fields as they are sent with an answer, except for Age and what depends on the request. */
  readonly fields: Fields
  /** The content, or a part of it. */
  readonly body: Uint8Array
  /** Absent when the body is complete. */
  readonly part?: StoredPart
  readonly terms: Terms
  readonly varyNames: readonly string[]
  /** Values of the request's selecting fields, in the order of `varyNames`. */
  readonly selecting: readonly string[]
  /** Whether the ETag was made here: it means nothing to the origin. */
  readonly tagIsMade: boolean
  /** Its surrogate keys: clients need not see them. */
  readonly surrogates: readonly string[]
  /** Whether the body may be compressed: it holds nothing that is private to one caller. */
  readonly mayCode: boolean
  /** The body in the codings that were asked for so far. */
  readonly coded: Readonly<Partial<Record<Coding, Uint8Array>>>
}

/** Never stored: they belong to one connection or one answer (RFC 9111 §3.1, RFC 9110 §7.6.1). */
const NOT_STORED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
  'content-length',
  'tollgate-cache-control',
])

/** The fields of a response that are stored. */
export function storableFields(
  fields: Iterable<Field>,
  directives: ResponseDirectives,
  dropped: ReadonlySet<string>,
): Fields {
  const all = [...fields]
  const listed = listOf(readFields(all).get('connection'))
  const excluded = new Set([...listed, ...directives.privateFields, ...directives.noCacheFields])
  return all.filter(([name]) => !NOT_STORED.has(name) && !excluded.has(name) && !dropped.has(name))
}

/** What {@link createStored} needs. */
export interface StoredParts {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
  readonly part?: StoredPart
  readonly terms: Terms
  readonly varyNames: readonly string[]
  readonly selecting: readonly string[]
  readonly surrogates: readonly string[]
  readonly mayCode: boolean
  /** Whether to make an ETag where there is none. */
  readonly makesTag: boolean
}

/**
 * Makes a {@link StoredResponse}: adds Date where it is missing (RFC 9110 §6.6.1), and an ETag where the origin gave
 * none. That is a strong one, because it is a digest of exactly these bytes.
 */
export function createStored(parts: StoredParts, times: ExchangeTimes): StoredResponse {
  const { makesTag, ...rest } = parts
  const reader = readFields(parts.fields)
  const tagIsMade = makesTag && parts.status === 200 && reader.get('etag') === null
  const fields = [...parts.fields]
  if (reader.get('date') === null) fields.push(['date', formatHttpDate(times.responseMs)])
  if (tagIsMade) fields.push(['etag', makeEntityTag(parts.body)])
  return { ...rest, body: owned(parts.body), fields, tagIsMade, coded: {} }
}

/** The bytes, copied if they are a view of something larger (such as a socket's read), which would stay in memory. */
const owned = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes

/** Conditions by which the origin is asked whether a stored response is still right (RFC 9111 §4.3.1). */
export function conditionsOf(stored: StoredResponse): Fields {
  const fields = readFields(stored.fields)
  const conditions: Field[] = []
  const etag = stored.tagIsMade ? null : fields.get('etag')
  // Unchanged, because an origin that omits the quotes also compares without them; `*` would mean any tag.
  if (etag !== null && etag !== '*') conditions.push(['if-none-match', etag])
  const modified = fields.get('last-modified')
  if (modified !== null) conditions.push(['if-modified-since', modified])
  return conditions
}

/**
 * What a stored response takes, roughly: text in memory has two bytes a character at worst, and fields are
 * kept a second time, as lines.
 */
export function bytesOf(stored: StoredResponse): number {
  let bytes = stored.body.length + OVERHEAD_BYTES
  for (const [name, value] of stored.fields) bytes += 3 * (name.length + value.length) + FIELD_BYTES
  for (const value of stored.selecting) bytes += 2 * value.length + FIELD_BYTES
  for (const body of Object.values(stored.coded)) bytes += body.length
  return bytes
}

const OVERHEAD_BYTES = 512
const FIELD_BYTES = 48

/** Reads a field of a stored response. */
export const fieldOf = (stored: StoredResponse, name: string): string | null =>
  readFields(stored.fields).get(name)
