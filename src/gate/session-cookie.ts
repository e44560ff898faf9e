import type { Exchange } from './exchange.ts'

/** Names of the cookie that carries a session. `__Host-` binds it to this host over TLS (RFC 6265bis). */
const SESSION_COOKIES = {
  secure: '__Host-tollgate_session',
  plain: 'tollgate_session',
} as const

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The session that a Cookie field carries, whichever site caused the request. The `__Host-` name takes
 * precedence, because other hosts of the domain cannot set it.
 */
export function presentedSession(cookies: string | null): string | undefined {
  if (cookies === null) return undefined
  const values = new Map<string, string>()
  for (const pair of cookies.split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (!values.has(name)) values.set(name, pair.slice(at + 1).trim())
  }
  return values.get(SESSION_COOKIES.secure) ?? values.get(SESSION_COOKIES.plain)
}

/**
 * Whether another site may have forged the request: browsers send cookies along with those. Requests with an
 * unsafe method, and WebSocket handshakes, to which the same-origin policy does not apply (RFC 6455 §10.2), must
 * come from the same origin: `Sec-Fetch-Site` (W3C Fetch Metadata) must say so, or `Origin` must name this host.
 */
export function isCrossSite({ method, request: { headers } }: Exchange): boolean {
  if (SAFE_METHODS.has(method) && !headers.has('upgrade')) return false
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('origin')
  if (origin === null) return false
  return !URL.canParse(origin) || new URL(origin).host !== headers.get('host')
}

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

/**
 * A `Set-Cookie` for a session: HttpOnly, and sent to this host alone and not along with other sites'
 * requests. Without TLS it is marked Secure all the same, so that browsers refuse it, unless the browser is
 * on this machine.
 *
 * @param secret `undefined` deletes the cookie.
 */
export function sessionCookie(
  secret: string | undefined,
  ageSeconds: number,
  { scheme, host }: { readonly scheme: 'http' | 'https'; readonly host: string },
): string {
  const isLocal = scheme === 'http' && LOOPBACK_HOST.test(host)
  const name = isLocal ? SESSION_COOKIES.plain : SESSION_COOKIES.secure
  const age = secret === undefined ? 0 : Math.max(0, Math.floor(ageSeconds))
  return `${name}=${secret ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${isLocal ? '' : '; Secure'}`
}
