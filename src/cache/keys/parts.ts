import { toBase64Url } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'
import { NAME_CHARACTERS_MAX } from '../contract.ts'

/** A part of a key. Types are distinguished: `1`, `'1'`, `true` and `null` make four different keys. */
export type KeyPart = string | number | boolean | null

/**
 * Whom an entry is for: one caller (by the id of the credential, session or user), anyone without a credential, or
 * anyone whose request leads to it (content that is public within its tenant).
 */
export type KeyAudience =
  | { readonly kind: 'caller'; readonly id: string }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'shared' }

/**
 * `s3:abc`: the type, the length, the text. No part can be mistaken for two parts, or for one of another type.
 *
 * @throws TypeError for what is not a {@link KeyPart}, such as a missing id: two missing ids are not the same key
 */
export function partText(part: KeyPart): string {
  if (typeof part === 'string') return `s${part.length}:${part}`
  if (typeof part === 'number') {
    const digits = String(part)
    return `n${digits.length}:${digits}`
  }
  if (part === null) return '_0:'
  if (typeof part === 'boolean') return part ? 't0:' : 'f0:'
  throw new TypeError(`a part of a key is text, a number, a flag or null, not ${typeof part}`)
}

/** @throws TypeError for what is not a {@link KeyAudience}, so that nothing becomes everybody's by mistake */
export function audienceText(audience: KeyAudience): string {
  if (audience.kind === 'caller' && typeof audience.id === 'string') {
    return `c${audience.id.length}:${audience.id}`
  }
  if (audience.kind === 'anonymous') return 'a0:'
  if (audience.kind === 'shared') return 'p0:'
  throw new TypeError('the audience of a key is a caller with an id, anonymous or shared')
}

/** A text that is too long is replaced by its digest, which equals neither that of another text nor a short text. */
export const bounded = (text: string): string =>
  text.length <= NAME_CHARACTERS_MAX ? text : `h43:${toBase64Url(sha256(text))}`

/** A part as it stands in the text of a key. */
export interface ReadPart {
  readonly type: string
  readonly text: string
  /** Where the next part begins. */
  readonly end: number
}

/** Reads up to `countMax` parts from the beginning of a key's text; fewer where it is not made of them. */
export function readParts(text: string, countMax: number): readonly ReadPart[] {
  const parts: ReadPart[] = []
  for (let at = 0; parts.length < countMax; at = parts.at(-1)!.end) {
    const head = /^([a-z_])(\d{1,9}):/.exec(text.slice(at, at + 12))
    if (head === null) break
    const begin = at + head[0].length
    const end = begin + Number(head[2])
    if (end > text.length) break
    parts.push({ type: head[1]!, text: text.slice(begin, end), end })
  }
  return parts
}
