/**
 * Headers that belong to one connection (RFC 9110 §7.6.1), besides those that Connection lists.
 * Trailers are not passed on, so neither is their announcement; `expect` was met when the body came.
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
 * Headers by which servers and frameworks learn about the client, the original URL or the method.
 * Only the gate may speak in them: it has judged the request by its own reading.
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
 * Headers of the standards that the gate may have judged by, or chosen a stored response by. It has read them in their
 * one spelling; {@link readAs others} would be read by the upstream alone.
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

/** Every name that begins so is the gate's too. */
export const GATE_ONLY_PREFIXES = ['x-tollgate', 'x-forwarded'] as const

/** Where credentials for the gate itself come in. */
export const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'cookie'] as const

/** What Connection cannot declare away: without these the message would mean something else. */
const NEVER_LISTED = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'close',
  'keep-alive',
])

/** The names a Connection header lists, lowercase, without those that must stay. */
export function connectionOptions(value: string): string[] {
  return value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && !NEVER_LISTED.has(name))
}

/**
 * The name a server may take `name` for: CGI, WSGI, PHP and others turn every character that is not a
 * letter or digit into the same one, so that `X_Tollgate_User` would pass for `X-Tollgate-User`.
 */
export function readAs(name: string): string {
  return /[^a-z0-9-]/.test(name) ? name.replaceAll(/[^a-z0-9]/g, '-') : name
}
