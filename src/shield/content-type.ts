/** How a body of a media type is parsed. */
export type BodyKind = 'json' | 'form' | 'other'

const REMEMBERED_MAX = 64

/**
 * Compiles the media types that a route accepts to a function that says how a `Content-Type` is parsed; `undefined` if
 * it is not accepted.
 */
export function compileContentTypes(
  accepted: readonly string[],
): (header: string) => BodyKind | undefined {
  const matches = accepted.map(compileMediaRange)
  const decide = (header: string): BodyKind | undefined => {
    const type = parseContentType(header)
    if (type === undefined || !matches.some((match) => match(type))) return undefined
    return bodyKind(type)
  }
  const remembered = new Map<string, BodyKind | 'refused'>()
  return (header) => {
    const known = remembered.get(header)
    if (known !== undefined) return known === 'refused' ? undefined : known
    const kind = decide(header)
    if (remembered.size < REMEMBERED_MAX && header.length < 128) {
      remembered.set(header, kind ?? 'refused')
    }
    return kind
  }
}

/** How a media type, in lowercase and without parameters, is parsed (RFC 6839 §3.1 for `+json`). */
export function bodyKind(type: string): BodyKind {
  if (type.endsWith('/json') || type.endsWith('+json')) return 'json'
  return type === 'application/x-www-form-urlencoded' ? 'form' : 'other'
}

function compileMediaRange(range: string): (type: string) => boolean {
  if (!range.includes('*')) return (type) => type === range
  const [rangeType = '', rangeSubtype = ''] = range.split('/')
  return (type) => {
    const [main = '', subtype = ''] = type.split('/')
    if (rangeType !== '*' && rangeType !== main) return false
    return rangeSubtype.startsWith('*') && subtype.endsWith(rangeSubtype.slice(1))
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const PARAMETER = /^([!#$%&'*+\-.^_`|~0-9a-z]+)=(?:"([^"\\]*)"|([!#$%&'*+\-.^_`|~0-9a-z]+))$/

/** The media type, if the header is well-formed (RFC 9110 §8.3) and the charset is UTF-8 or absent. */
function parseContentType(header: string): string | undefined {
  const [type = '', ...parameters] = header
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const [main = '', subtype = '', ...rest] = type.split('/')
  if (rest.length > 0 || !TOKEN.test(main) || !TOKEN.test(subtype)) return undefined
  const names = new Set<string>()
  for (const parameter of parameters) {
    const [, name = '', quoted, token] = PARAMETER.exec(parameter) ?? []
    if (name === '' || names.has(name)) return undefined
    names.add(name)
    if (name === 'charset' && (quoted ?? token) !== 'utf-8') return undefined
  }
  return type
}
