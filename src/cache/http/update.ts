import { matchesWeakly } from './entity-tag.ts'
import type { Field, FieldReader, Fields } from './fields.ts'
import { listOf, readFields } from './fields.ts'
import type { StoredResponse } from './stored-response.ts'
import { fieldOf } from './stored-response.ts'

/**
 * Describe the bytes of a message, so that a response without content cannot change them (RFC 9111 §3.2). Some
 * origins send a digest with everything: that of a 304 is of nothing (RFC 9530 §2).
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
 * The fields of a stored response after a 304, or a 200 to HEAD, brought newer ones (RFC 9111 §3.2,
 * §4.3.4): those that came replace those of the same name.
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
  // A tag made here is no validator of the origin's.
  if (stored.tagIsMade) replaced.add('etag')
  return [...stored.fields.filter(([name]) => !replaced.has(name)), ...taken]
}

/**
 * Whether a 304 speaks of what is stored (RFC 9111 §4.3.4): by the same tag or the same Last-Modified, or by no
 * validator that could differ. With another tag, an origin that went by the date alone tells that the content is
 * another one by now. Where it was told of the tag alone, it said that this one matches (RFC 9110 §13.1.2),
 * whatever it writes beside that.
 */
export function concernsStored(stored: StoredResponse, newer: FieldReader): boolean {
  const own = stored.tagIsMade ? null : fieldOf(stored, 'etag')
  const ownModified = fieldOf(stored, 'last-modified')
  const etag = newer.get('etag')
  if (own === null || ownModified === null || etag === null) return true
  return matchesWeakly(etag, own) || newer.get('last-modified') === ownModified
}

/**
 * Whether a 200 to HEAD speaks of the same content as what is stored (RFC 9111 §4.3.5): no validator and
 * no length that differs.
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
