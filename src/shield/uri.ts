import { isIPv6 } from 'node:net'

// One character class in a single loop, so matching is linear.
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
const REGISTERED_NAME = /^[A-Za-z0-9\-._~!$&'()*+,;=%]*$/
const USER_INFORMATION = /^[A-Za-z0-9\-._~!$&'()*+,;=:%]*$/
const FUTURE_ADDRESS = /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/
const PORT = /^[0-9]*$/
const ESCAPE = /^[0-9A-Fa-f]{2}/

/** Whether `text` is a URI (RFC 3986 §3), which has a scheme. */
export function isUri(text: string): boolean {
  const colon = text.indexOf(':')
  return colon > 0 && SCHEME.test(text.slice(0, colon)) && isRelative(text.slice(colon + 1))
    ? hasValidEscapes(text)
    : false
}

/** Whether `text` is a URI or a relative reference (RFC 3986 §4.1). */
export function isUriReference(text: string): boolean {
  if (isUri(text)) return true
  const end = text.search(/[/?#]/)
  const firstSegment = end === -1 ? text : text.slice(0, end)
  return !firstSegment.includes(':') && isRelative(text) && hasValidEscapes(text)
}

/** Whether `text` is what may follow a scheme: authority, path, query and fragment. */
function isRelative(text: string): boolean {
  if (!URI_CHARACTERS.test(text)) return false
  const hash = text.indexOf('#')
  const fragment = hash === -1 ? '' : text.slice(hash + 1)
  if (/[#[\]]/.test(fragment)) return false
  const hierarchy = hash === -1 ? text : text.slice(0, hash)
  if (!hierarchy.startsWith('//')) return !/[[\]]/.test(hierarchy)
  const rest = hierarchy.slice(2)
  const end = rest.search(/[/?]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  return isAuthority(authority) && (end === -1 || !/[[\]]/.test(rest.slice(end)))
}

function isAuthority(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at !== -1 && !USER_INFORMATION.test(text.slice(0, at))) return false
  const host = text.slice(at + 1)
  if (!host.startsWith('[')) {
    const colon = host.indexOf(':')
    if (colon === -1) return REGISTERED_NAME.test(host)
    return REGISTERED_NAME.test(host.slice(0, colon)) && PORT.test(host.slice(colon + 1))
  }
  const close = host.indexOf(']')
  const literal = host.slice(1, close)
  const port = host.slice(close + 1)
  const isLiteral = (isIPv6(literal) && !literal.includes('%')) || FUTURE_ADDRESS.test(literal)
  return close > 0 && isLiteral && (port === '' || (port[0] === ':' && PORT.test(port.slice(1))))
}

function hasValidEscapes(text: string): boolean {
  return text.split('%').every((part, index) => index === 0 || ESCAPE.test(part))
}
