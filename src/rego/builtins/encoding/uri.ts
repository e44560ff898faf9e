import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { unescapePercent } from './url-query.ts'

const CONTROL = /\p{Cc}/u
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/
const PORT = /^(?::\d*)?$/
/** A valid host: letters, digits, these characters and everything outside ASCII may be unescaped. */
const HOST = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\u{10ffff}]|%[89a-fA-F][0-9a-fA-F])*$/u

/** The parts of a URI that are present: scheme, hostname, port, path, raw_path, raw_query, fragment. */
export function parseUri(text: string): Value {
  if (CONTROL.test(text.replace(/[\u0080-\u009f]/g, '')))
    throw fail(text, 'net/url: invalid control character in URL')
  const hash = text.indexOf('#')
  const parts = parseWithoutFragment(text, hash < 0 ? text : text.slice(0, hash))
  const fragment = hash < 0 ? '' : unescape(text, text.slice(hash + 1))
  return present({ ...parts, fragment })
}

function parseWithoutFragment(whole: string, text: string): Readonly<Record<string, string>> {
  if (text === '*') return { path: '*', raw_path: '*' }
  const scheme = SCHEME.exec(text)?.[1] ?? ''
  if (scheme === '' && text.startsWith(':')) throw fail(whole, 'missing protocol scheme')
  const afterScheme = scheme === '' ? text : text.slice(scheme.length + 1)
  const mark = afterScheme.indexOf('?')
  const rest = mark < 0 ? afterScheme : afterScheme.slice(0, mark)
  const query = {
    scheme: scheme.toLowerCase(),
    raw_query: mark < 0 ? '' : afterScheme.slice(mark + 1),
  }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return query
    if ((rest.split('/')[0] ?? '').includes(':'))
      throw fail(whole, 'first path segment in URL cannot contain colon')
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///')))
    return { ...query, ...pathParts(whole, rest) }
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  return {
    ...query,
    ...hostParts(whole, authority),
    ...pathParts(whole, slash < 0 ? '' : rest.slice(slash)),
  }
}

function pathParts(whole: string, path: string): Readonly<Record<string, string>> {
  return path === ''
    ? {}
    : { path: unescape(whole, path), raw_path: rawPath(path, unescape(whole, path)) }
}

/** Go keeps the path as written only if it differs from the default escaping of the decoded one. */
function rawPath(written: string, decoded: string): string {
  const standard = encodeURI(decoded).replaceAll('?', '%3F').replaceAll('#', '%23')
  return standard === written ? decoded : written
}

function hostParts(whole: string, authority: string): Readonly<Record<string, string>> {
  const at = authority.lastIndexOf('@')
  if (at >= 0 && !/^[A-Za-z0-9\-_.:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at)))
    throw fail(whole, 'net/url: invalid userinfo')
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) return bracketedHost(whole, host)
  const colon = host.indexOf(':')
  if (colon >= 0 && !PORT.test(host.slice(colon)))
    throw fail(whole, `invalid port "${host.slice(host.lastIndexOf(':'))}" after host`)
  const name = colon < 0 ? host : host.slice(0, colon)
  if (!HOST.test(name)) {
    const wrong = Array.from(name).find((character) => !HOST.test(character)) ?? ''
    throw fail(
      whole,
      wrong === '%' ? 'invalid URL escape' : `invalid character "${wrong}" in host name`,
    )
  }
  return { hostname: unescape(whole, name), port: colon < 0 ? '' : host.slice(colon + 1) }
}

function bracketedHost(whole: string, host: string): Readonly<Record<string, string>> {
  const close = host.lastIndexOf(']')
  if (close < 0) throw fail(whole, "missing ']' in host")
  const port = host.slice(close + 1)
  if (!PORT.test(port)) throw fail(whole, `invalid port "${port}" after host`)
  return { hostname: unescape(whole, host.slice(1, close)), port: port.slice(1) }
}

function unescape(whole: string, text: string): string {
  try {
    return unescapePercent(text, false)
  } catch (error) {
    throw error instanceof BuiltinError ? fail(whole, error.message) : error
  }
}

function present(parts: Readonly<Record<string, string>>): Value {
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== ''))
}

function fail(whole: string, reason: string): BuiltinError {
  return new BuiltinError(`parse ${JSON.stringify(whole)}: ${reason}`)
}
