/** Content codings that answers are sent in. */
export type Coding = 'br' | 'zstd' | 'gzip'

/** All codings, in order of preference where the client has none. */
export const CODINGS: readonly Coding[] = ['br', 'zstd', 'gzip']

/**
 * The coding to use for an Accept-Encoding field (RFC 9110 §12.5.3): of those offered, the one with the highest weight,
 * and of equal ones the first offered; `undefined` for none.
 */
export function chooseCoding(
  acceptEncoding: string | null,
  offered: readonly Coding[],
): Coding | undefined {
  if (acceptEncoding === null || offered.length === 0) return undefined
  const weights = weightsOf(acceptEncoding)
  const identity = weights.get('identity') ?? (weights.get('*') === 0 ? 0 : undefined)
  let best: Coding | undefined
  let bestWeight = 0
  for (const coding of offered) {
    const named = weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined)
    const weight = named ?? weights.get('*') ?? 0
    if (weight > bestWeight) {
      best = coding
      bestWeight = weight
    }
  }
  // A client that names identity with more weight wants the content as it is.
  return identity !== undefined && identity > bestWeight ? undefined : best
}

function weightsOf(value: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const member of value.split(',')) {
    const [name = '', ...parameters] = member.split(';')
    const weight = parameters
      .map((text) => text.trim().toLowerCase())
      .find((text) => text.startsWith('q='))
    const parsed = weight === undefined ? 1 : parseWeight(weight.slice(2))
    if (name.trim() !== '') weights.set(name.trim().toLowerCase(), parsed)
  }
  return weights
}

/** A weight (RFC 9110 §12.4.2); anything malformed counts as "not acceptable". */
const parseWeight = (text: string): number =>
  /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0

const COMPRESSIBLE =
  /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript|x-javascript|ecmascript|graphql|wasm|x-ndjson|ndjson|yaml|manifest|rtf)\b|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf)|application\/vnd\.ms-fontobject)/i

/** Whether content of this type compresses well. Event streams are left alone, because they must not be delayed. */
export const isCompressible = (contentType: string | null): boolean =>
  contentType !== null &&
  COMPRESSIBLE.test(contentType) &&
  !contentType.toLowerCase().startsWith('text/event-stream')
