/**
 * What stays whatever Connection lists: what says how the message is read and which protocol follows it, and what
 * trusted proxies say of the client, who could otherwise take it from them (as in CVE-2022-31813).
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

/** The options of Connection (RFC 9110 §7.6.1), in lowercase: the first `optionsMax` of them. */
export const connectionOptions = (value: string, optionsMax?: number): string[] =>
  value
    .toLowerCase()
    .split(',', optionsMax)
    .map((option) => option.trim())

/**
 * Whether a field that Connection may list is for this hop alone, by its name in lowercase. Such a field is taken out
 * before anybody judges the request: the upstream never gets it, and a cache that had chosen by it would give others
 * an answer that was made without it.
 */
export const isForThisHop = (name: string): boolean => name !== '' && !STAYING.has(name)
