/**
 * Headers that belong to one connection (RFC 9110 §7.6.1), besides those that Connection lists. Trailers are not passed
 * on, so neither is their announcement; the gate has already answered `expect`.
 */
export const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
] as const

/**
 * Headers from which servers and frameworks learn the client, the original URL or the method. Only the gate may set
 * them, because it judged the request by its own values.
 */
export const GATE_ONLY = [
  'forwarded',
  'via',
  'x-request-id',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-host',
  'x-proxyuser-ip',
  'x-scheme',
  'x-url-scheme',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'ali-cdn-real-ip',
  'client-ip',
  'do-connecting-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'forwarded-for',
  'front-end-https',
  'http-client-ip',
  'http-x-forwarded-for',
  'incap-client-ip',
  'path-info',
  'proxy-client-ip',
  'remote-addr',
  'script-name',
  'true-client-ip',
  'wl-proxy-client-ip',
  'wl-proxy-ssl',
  'x-http-forwarded-for',
  'x-http-path-override',
  'x-nf-client-connection-ip',
  'x-originating-ip',
  'x-override-url',
  'x-remote-addr',
  'x-remote-ip',
  'x-script-name',
  'x-sucuri-clientip',
  'x-vercel-forwarded-for',
  'proxy',
] as const

/**
 * Standard headers by which the gate may have judged the request or selected a stored response. It reads them only in
 * their standard spelling; only the upstream would understand {@link readAs other spellings}.
 */
export const JUDGED_EVERYWHERE: readonly string[] = [
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'cache-control',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'user-agent',
  'x-requested-with',
]

/** Every name that begins with one of these is the gate's, too. */
export const GATE_ONLY_PREFIXES = ['x-tollgate', 'x-forwarded'] as const

/** Headers in which credentials for the gate itself arrive. */
export const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'cookie'] as const

/** Headers that Connection cannot have removed, because without them the message would mean something else. */
const NEVER_LISTED = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'close',
  'keep-alive',
])

/** The names that a Connection header lists, in lowercase, without those that must stay. */
export function connectionOptions(value: string): string[] {
  return value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && !NEVER_LISTED.has(name))
}

/**
 * The name that a server may read `name` as: CGI, WSGI, PHP and others turn every character that is not a letter or
 * digit into the same one, so that `X_Tollgate_User` would pass for `X-Tollgate-User`.
 */
export function readAs(name: string): string {
  return /[^a-z0-9-]/.test(name) ? name.replaceAll(/[^a-z0-9]/g, '-') : name
}
