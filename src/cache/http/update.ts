import { matchesWeakly } from './entity-tag.ts'
import type { Field, FieldReader, Fields } from './fields.ts'
import { listOf, readFields } from './fields.ts'
import type { StoredResponse } from './stored-response.ts'
import { fieldOf } from './stored-response.ts'

/**
 * Fields that describe the bytes of a message, so that a response without content cannot change them (RFC 9111 §3.2).
 * Some origins send a digest with everything; that of a 304 is the digest of nothing (RFC 9530 §2).
 */
const KEPT = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'transfer-encoding',
])

/**
 * The fields of a stored response after a 304, or a 200 to HEAD, has brought newer ones (RFC 9111 §3.2, §4.3.4): the
 * newer ones replace those of the same name.
 */
export function updatedFields(stored: StoredResponse, newer: Fields): Fields {
  const listed = new Set(listOf(readFields(newer).get('connection')))
  const etag = fieldOf(stored, 'etag')
  const isTaken = ([name, value]: Field): boolean => {
    if (KEPT.has(name) || listed.has(name)) return false
    return name !== 'etag' || stored.tagIsMade || value === etag
  }
  const taken = newer.filter(isTaken)
  const replaced = new Set(taken.map(([name]) => name))
  // A tag that was made here means nothing to the origin.
  if (stored.tagIsMade) replaced.add('etag')
  return [...stored.fields.filter(([name]) => !replaced.has(name)), ...taken]
}

/**
 * Whether a 304 is about the stored response (RFC 9111 §4.3.4): it has the same tag or the same Last-Modified, or no
 * validator that could differ. If its tag differs, an origin that compared only the date is saying that the content has
 * changed by now. If only the tag was sent to the origin, the 304 itself says that it matches (RFC 9110 §13.1.2),
 * whatever other tag it names.
 */
export function concernsStored(stored: StoredResponse, newer: FieldReader): boolean {
  const own = stored.tagIsMade ? null : fieldOf(stored, 'etag')
  const ownModified = fieldOf(stored, 'last-modified')
  const etag = newer.get('etag')
  if (own === null || ownModified === null || etag === null) return true
  return matchesWeakly(etag, own) || newer.get('last-modified') === ownModified
}

/**
 * Whether a 200 to HEAD is about the same content as the stored response (RFC 9111 §4.3.5): neither a validator nor the
 * length differs.
 */
export function describesStored(stored: StoredResponse, head: FieldReader): boolean {
  const same = (name: string, own: string | null): boolean => {
    const value = head.get(name)
    return value === null || value === own
  }
  return (
    same('etag', stored.tagIsMade ? head.get('etag') : fieldOf(stored, 'etag')) &&
    same('last-modified', fieldOf(stored, 'last-modified')) &&
    same('content-length', String(stored.part?.completeBytes ?? stored.body.length))
  )
}
