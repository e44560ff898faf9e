import { dateOf } from './age.ts'
import type { FieldReader } from './fields.ts'
import { readFields } from './fields.ts'
import type { StoredPartial } from './parts.ts'
import { combine, isPart, sharesValidator } from './parts.ts'
import type { StoredResponse } from './stored-response.ts'
import { bytesOf, fieldOf } from './stored-response.ts'
import { favoriteLanguage, selectingValues } from './vary.ts'

/** What is stored for one key: its variants according to Vary, the newest by Date first. Immutable. */
export interface Variants {
  readonly list: readonly StoredResponse[]
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at])

/**
 * The variant that a request selects (RFC 9111 §4.1): all selecting fields must match those of the request that it was
 * stored for. Of several, the newest; but one with Vary comes before one without, because some origins omit Vary when a
 * request states no preference.
 */
export function selectVariant(
  variants: Variants | undefined,
  request: FieldReader,
): StoredResponse | undefined {
  if (variants === undefined) return undefined
  let plain: StoredResponse | undefined
  for (const stored of variants.list) {
    if (isPart(stored)) continue
    if (stored.varyNames.length === 0) plain ??= stored
    else if (isSelected(stored, request)) return stored
  }
  return plain
}

/** The parts that a request selects, the newest first. */
export const selectParts = (
  variants: Variants | undefined,
  request: FieldReader,
): readonly StoredPartial[] =>
  variants?.list.filter(isPart).filter((stored) => isSelected(stored, request)) ?? []

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

/**
 * The variants with one more, which replaces all that its own request would select. At most `variantsMax`, including
 * the new one.
 */
export function withVariant(
  variants: Variants | undefined,
  stored: StoredResponse,
  request: FieldReader,
  variantsMax: number,
): Variants {
  const others = (variants?.list ?? []).filter((other) => !isSelected(other, request))
  const kept = others.slice(0, variantsMax - 1)
  const sentMs = sentAtMs(stored)
  const older = kept.findIndex((other) => sentAtMs(other) <= sentMs)
  return { list: kept.toSpliced(older === -1 ? kept.length : older, 0, stored) }
}

/** RFC 9111 §4: Date tells which response is the most recent. */
const sentAtMs = ({ fields, terms }: StoredResponse): number =>
  dateOf(readFields(fields), terms.storedMs)

/** Variants with a part among them, and what the part has become there. */
export interface Placed {
  readonly variants: Variants
  readonly stored: StoredResponse
}

/**
 * The variants with a part added: it is joined with those that it fits, and replaces those that it shows to be
 * outdated. It is left out if the whole response of the same bytes is stored.
 */
export function withPart(
  variants: Variants | undefined,
  part: StoredPartial,
  request: FieldReader,
  { variantsMax, bodyBytesMax }: { readonly variantsMax: number; readonly bodyBytesMax: number },
): Placed {
  const isOfSame = (other: StoredResponse): boolean =>
    isSame(other.varyNames, part.varyNames) && isSame(other.selecting, part.selecting)
  const list = variants?.list ?? []
  const whole = list.find((other) => !isPart(other) && isOfSame(other))
  if (variants !== undefined && whole !== undefined && sharesValidator(part, whole)) {
    return { variants, stored: whole }
  }
  const kept: StoredResponse[] = []
  let stored: StoredResponse = part
  for (const other of list) {
    if (!isOfSame(other)) {
      const hasOwnFields = other.varyNames.length > 0 && sharesValidator(part, other)
      if (hasOwnFields || !isSelected(other, request)) kept.push(other)
      continue
    }
    if (!isPart(other) || !isPart(stored)) continue
    const both = combine(stored, other, bodyBytesMax)
    if (both !== undefined) stored = both
    else if (sharesValidator(stored, other)) kept.push(other)
  }
  return { variants: { list: [stored, ...kept].slice(0, variantsMax) }, stored }
}

/** Whether both are the same response; a response is copied whenever its body is coded. */
const isCopy = (a: StoredResponse, b: StoredResponse): boolean => a.selecting === b.selecting

/** The variants without this one; the same object when it is not among them. */
export function withoutVariant(variants: Variants, stored: StoredResponse): Variants {
  const list = variants.list.filter((other) => !isCopy(other, stored))
  return list.length === variants.list.length ? variants : { list }
}

/**
 * The variants without one that is outdated. If that is a whole response, everything else that the same request selects
 * goes too, because it is older still. The same object when it is not among them.
 */
export function withoutOutdated(
  variants: Variants,
  stored: StoredResponse,
  request: FieldReader,
): Variants {
  const others = withoutVariant(variants, stored)
  if (others === variants || isPart(stored)) return others
  return { list: others.list.filter((other) => !isSelected(other, request)) }
}

/** Bytes of all variants. */
export const variantsBytes = ({ list }: Variants): number =>
  list.reduce((bytes, stored) => bytes + bytesOf(stored), 0)

/** What tells requests for the key apart, as far as is known: only requests with the same selection are coalesced. */
export function selectionOf(variants: Variants | undefined, request: FieldReader): string {
  const names = variants?.list[0]?.varyNames ?? []
  return names.length === 0 ? '' : selectingValues(names, request).join('\n')
}
