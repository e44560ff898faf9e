/**
 * The one canonicalizer of request paths, used for routing, policies, the audit log and the upstream. No two of
 * them can see different paths, which is how allow-lists are usually bypassed. It decides once and fails closed:
 * a path that could be read in two ways is refused, not repaired.
 *
 * - Percent-encoded unreserved characters are decoded, all other escapes get uppercase digits
 *   (RFC 3986 §6.2.2.1, §6.2.2.2).
 * - Refused: malformed escapes and those that are not UTF-8 (overlong forms of `/` among them), encoded `/`, `\`
 *   and control characters, escapes of `%` that hide another escape (double encoding), dot segments however
 *   written (also `..;` and `..%3B`), empty segments, backslashes and characters outside ASCII.
 */
export type CanonicalPath =
  | {
      readonly ok: true
      readonly path: string
      /** The path that a server sees which strips `;` parameters from segments (RFC 3986 §3.3), if there are any. */
      readonly bare?: string
    }
  | { readonly ok: false; readonly reason: string }

const UNRESERVED = /[A-Za-z0-9._~-]/
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\/?$|^\/$/
const FORBIDDEN_RAW = /[^!-~]|[\\"<>^`{|}#?]/
const ENCODED_TWICE = /%25[0-9A-Fa-f]{2}/
const HAS_PARAMETERS = /;|%3B/
const DOT_SEGMENT = /^\.{1,2}(?:(?:;|%3B).*)?$/

/** Canonical form of the path of a request target (without query), or why it is refused. */
export function canonicalizePath(raw: string): CanonicalPath {
  if (PLAIN.test(raw)) return { ok: true, path: raw }
  if (!raw.startsWith('/')) return refused('path does not start with /')
  if (FORBIDDEN_RAW.test(raw)) return refused('path has a character that must be encoded')
  const decoded = decodeUnreserved(raw)
  if (!decoded.ok) return decoded
  const segments = decoded.path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    if (segment === '' && index < segments.length - 1) return refused('path has an empty segment')
    if (DOT_SEGMENT.test(segment)) return refused('path has a dot segment')
  }
  const { path } = decoded
  return HAS_PARAMETERS.test(path) ? { ok: true, path, bare: withoutParameters(path) } : decoded
}

/** Without `;` and what follows it in each segment, and without the segments that this leaves empty. */
const withoutParameters = (path: string): string =>
  path.replaceAll(/(?:;|%3B)[^/]*/g, '').replaceAll(/\/{2,}/g, '/')

/**
 * The value of a canonical path segment with its remaining escapes decoded, as schemas and policies see it;
 * `undefined` when it is not UTF-8.
 */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function decodeUnreserved(raw: string): CanonicalPath {
  let path = ''
  let from = 0
  for (let at = raw.indexOf('%'); at !== -1; at = raw.indexOf('%', from)) {
    const digits = raw.slice(at + 1, at + 3)
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return refused('path has a malformed escape')
    const code = Number.parseInt(digits, 16)
    const reason = refusedEscape(code)
    if (reason !== undefined) return refused(reason)
    const character = String.fromCharCode(code)
    path +=
      raw.slice(from, at) + (UNRESERVED.test(character) ? character : `%${digits.toUpperCase()}`)
    from = at + 3
  }
  path += raw.slice(from)
  if (ENCODED_TWICE.test(path)) return refused('path is encoded twice')
  return decodeSegment(path) === undefined ? refused('path is not UTF-8') : { ok: true, path }
}

function refusedEscape(code: number): string | undefined {
  if (code === 0x2f || code === 0x5c) return 'path has an encoded slash or backslash'
  if (code < 0x20 || code === 0x7f) return 'path has an encoded control character'
  return undefined
}

const refused = (reason: string): CanonicalPath => ({ ok: false, reason })
