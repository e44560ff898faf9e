import type { FieldReader } from './fields.ts'
import type { StoredResponse } from './stored-response.ts'
import { bytesOf, fieldOf } from './stored-response.ts'
import { favoriteLanguage, selectingValues } from './vary.ts'

/** What is stored for one key: the variants that Vary made, the newest first. Immutable. */
export interface Variants {
  readonly list: readonly StoredResponse[]
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at])

/**
 * The variant that a request selects (RFC 9111 §4.1): all selecting fields must match those of the
 * request it was stored for; the newest of several.
 */
export function selectVariant(
  variants: Variants | undefined,
  request: FieldReader,
): StoredResponse | undefined {
  if (variants === undefined) return undefined
  for (const stored of variants.list) {
    if (stored.varyNames.length === 0) return stored
    if (isSelected(stored, request)) return stored
  }
  return undefined
}

function isSelected(stored: StoredResponse, request: FieldReader): boolean {
  const values = selectingValues(stored.varyNames, request)
  return stored.varyNames.every(
    (name, at) =>
      values[at] === stored.selecting[at] ||
      (name === 'accept-language' && isBestLanguage(stored, request)),
  )
}

/** Content in the very language that a request wants most: no other variant can be better. */
const isBestLanguage = (stored: StoredResponse, request: FieldReader): boolean => {
  const language = fieldOf(stored, 'content-language')?.toLowerCase()
  return language !== undefined && language === favoriteLanguage(request.get('accept-language'))
}

/** The variants with one more in front, in place of the one that the same requests select. */
export function withVariant(
  variants: Variants | undefined,
  stored: StoredResponse,
  variantsMax: number,
): Variants {
  const others = (variants?.list ?? []).filter(
    (other) =>
      !isSame(other.varyNames, stored.varyNames) || !isSame(other.selecting, stored.selecting),
  )
  return { list: [stored, ...others].slice(0, variantsMax) }
}

/** The variants without one. */
export const withoutVariant = (variants: Variants, stored: StoredResponse): Variants => ({
  list: variants.list.filter((other) => other !== stored),
})

/** Bytes of all variants. */
export const variantsBytes = ({ list }: Variants): number =>
  list.reduce((bytes, stored) => bytes + bytesOf(stored), 0)

/** What requests for the key differ in, as far as is known: part of what coalesces them. */
export function selectionOf(variants: Variants | undefined, request: FieldReader): string {
  const names = variants?.list[0]?.varyNames ?? []
  return names.length === 0 ? '' : selectingValues(names, request).join('\n')
}
