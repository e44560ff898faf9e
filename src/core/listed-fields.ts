/**
 * Fields that stay even if Connection lists them: those that say how to read the message and which protocol
 * follows it, and those in which trusted proxies describe the client. A client could otherwise have the latter
 * removed (as in CVE-2022-31813).
 */
const STAYING: ReadonlySet<string> = new Set([
  'close',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

/** The options of a Connection field (RFC 9110 §7.6.1), in lowercase; at most the first `optionsMax`. */
export const connectionOptions = (value: string, optionsMax?: number): string[] =>
  value
    .toLowerCase()
    .split(',', optionsMax)
    .map((option) => option.trim())

/**
 * Whether a field that Connection lists is for this hop only, by its name in lowercase. Such a field is removed
 * before any stage sees the request. The upstream never gets it, so a cache that selected a response by it would
 * serve others a response that was made without it.
 */
export const isForThisHop = (name: string): boolean => name !== '' && !STAYING.has(name)
