import { sha256 } from '../../core/digest.ts'
import { toBase64Url } from '../../core/bytes.ts'

const TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** Whether text is an entity tag (RFC 9110 §8.8.3). */
export const isEntityTag = (text: string): boolean => TAG.test(text)

const isWeak = (tag: string): boolean => tag.startsWith('W/')

/** The weak form of a tag, which still holds for content in another coding. */
export const weaken = (tag: string): string => (isWeak(tag) ? tag : `W/${tag}`)

const opaque = (tag: string): string => (isWeak(tag) ? tag.slice(2) : tag)

/** Weak comparison (RFC 9110 §8.8.3.2), for If-None-Match. */
export const matchesWeakly = (a: string, b: string): boolean => opaque(a) === opaque(b)

/** Strong comparison: neither may be weak. For If-Range. */
export const matchesStrongly = (a: string, b: string): boolean => a === b && !isWeak(a)

const MEMBER = /[ \t]*(?:((?:W\/)?"[^"]*")|([^,]*))[ \t]*(?:,|$)/y

/**
 * The tags of an If-None-Match field. Tags may contain commas within their quotes. Text without quotes is taken as it
 * is, since some clients send back what a server should not have sent. Linear in the length.
 */
export function entityTags(value: string): string[] {
  const tags: string[] = []
  MEMBER.lastIndex = 0
  while (MEMBER.lastIndex < value.length) {
    const member = MEMBER.exec(value)
    if (member === null) break
    const tag = member[1] ?? member[2]?.trim() ?? ''
    if (tag !== '') tags.push(tag)
  }
  return tags
}

/** Whether an If-None-Match field names the tag, or anything (`*`). */
export const isNamed = (ifNoneMatch: string, tag: string | null): boolean =>
  ifNoneMatch.trim() === '*' ||
  (tag !== null && entityTags(ifNoneMatch).some((each) => matchesWeakly(each, tag)))

/** A strong tag for content whose origin gives none: a digest of exactly these bytes. */
export const makeEntityTag = (content: Uint8Array): string =>
  `"t-${toBase64Url(sha256(content)).slice(0, 27)}"`
