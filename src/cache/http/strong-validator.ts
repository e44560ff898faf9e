import { dateOf } from './age.ts'
import { isEntityTag } from './entity-tag.ts'
import type { FieldReader } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

/**
 * The strong validator of a response (RFC 9110 §8.8.1): a strong ETag or, where there is no ETag at all, a
 * Last-Modified at least a second before Date (§8.8.2.2). `undefined` when there is neither.
 */
export function strongValidator(fields: FieldReader, arrivalMs: number): string | undefined {
  const etag = fields.get('etag')
  if (etag !== null) return etag.startsWith('"') && isEntityTag(etag) ? etag : undefined
  const modified = fields.get('last-modified')
  const modifiedMs = modified === null ? undefined : parseHttpDate(modified, arrivalMs)
  if (modified === null || modifiedMs === undefined || fields.get('date') === null) return undefined
  return dateOf(fields, arrivalMs) - modifiedMs >= 1000 ? modified : undefined
}
