/**
 * Path patterns of routes: `/scene`, `/scene/{id}`, `/files/{rest...}`. A parameter is one whole
 * segment; a rest parameter is last and takes one or more segments.
 */
export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string }

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}$/
const LITERAL = /^[A-Za-z0-9._~!$&'()*+,;=:@%-]*$/

/** How other routers write parameters: taken for literals, such routes would match nothing anybody sends. */
const OTHER_PARAMETER = /^(?::[A-Za-z_]\w*|\*{1,2})$/

/** A parsed pattern, or what is wrong with it. */
export type ParsedPattern =
  | { readonly ok: true; readonly segments: readonly PatternSegment[] }
  | { readonly ok: false; readonly reason: string }

/** Parses a route's path pattern. */
export function parsePattern(pattern: string): ParsedPattern {
  if (!pattern.startsWith('/')) return { ok: false, reason: 'a path starts with /' }
  const texts = pattern.slice(1).split('/')
  const segments: PatternSegment[] = []
  const names = new Set<string>()
  for (const [index, text] of texts.entries()) {
    const segment = parseSegment(text)
    if (segment === undefined) return { ok: false, reason: reasonOf(text) }
    if (segment.kind !== 'literal') {
      if (names.has(segment.name)) return { ok: false, reason: `'${segment.name}' appears twice` }
      names.add(segment.name)
    }
    if (segment.kind === 'rest' && index < texts.length - 1) {
      return { ok: false, reason: `{${segment.name}...} must be the last segment` }
    }
    if (text === '' && index < texts.length - 1) return { ok: false, reason: 'empty segment' }
    segments.push(segment)
  }
  return { ok: true, segments }
}

function parseSegment(text: string): PatternSegment | undefined {
  const match = PARAMETER.exec(text)
  if (match !== null)
    return { kind: match[2] === undefined ? 'parameter' : 'rest', name: match[1]! }
  return LITERAL.test(text) && !OTHER_PARAMETER.test(text) ? { kind: 'literal', text } : undefined
}

function reasonOf(text: string): string {
  if (text.startsWith(':')) return `a parameter is written {${text.slice(1)}}, not ${text}`
  if (text.startsWith('*')) return `what follows is written {rest...}, not ${text}`
  return `cannot read the segment '${text}'`
}
