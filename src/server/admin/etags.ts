import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'

/** The strong entity tag of a version (RFC 9110 §8.8.3). */
export const etagOf = (version: number): string => `"${version}"`

/**
 * The version that `If-Match` requires; `undefined` without the header or with `*`. Only tags of this API can match, so
 * anything else is refused with `precondition_failed` (RFC 9110 §13.1.1).
 */
export function readIfMatch(request: Request): Outcome<number | undefined> {
  const header = request.headers.get('if-match')
  if (header === null || header.trim() === '*') return succeed(undefined)
  const match = /^"(\d{1,15})"$/.exec(header.trim())
  if (match !== null) return succeed(Number(match[1]))
  const detail = 'If-Match must be one entity tag as given by this API, such as "3".'
  return fail(header.includes('"') ? 'precondition_failed' : 'header_invalid', { detail })
}

/** Whether `If-None-Match` names this tag, so that the answer may be 304 (RFC 9110 §13.1.2). */
export function isNotModified(request: Request, etag: string): boolean {
  const header = request.headers.get('if-none-match')
  if (header === null) return false
  const tags = new Set(header.split(',').map((tag) => tag.trim().replace(/^W\//, '')))
  return tags.has('*') || tags.has(etag)
}
