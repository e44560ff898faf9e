/** What a field means for reading its message; all other fields are `plain`. */
export const FIELD_KINDS = {
  plain: 0,
  /** May appear only once: with two, recipients could disagree on which one counts. */
  single: 1,
  host: 2,
  length: 3,
  coding: 4,
  connection: 5,
  expect: 6,
  upgrade: 7,
} as const

/** One of {@link FIELD_KINDS}. */
export type FieldKind = (typeof FIELD_KINDS)[keyof typeof FIELD_KINDS]

/** A field name in lowercase, and what it means. */
export interface KnownName {
  readonly name: string
  readonly kind: FieldKind
}

const { plain, single, host, length, coding, connection, expect, upgrade } = FIELD_KINDS

const KINDS: Readonly<Record<string, FieldKind>> = {
  host,
  'content-length': length,
  'transfer-encoding': coding,
  connection,
  expect,
  upgrade,
  authorization: single,
  'proxy-authorization': single,
  'content-type': single,
  'x-api-key': single,
  'idempotency-key': single,
}

const OFTEN_SENT = `accept accept-charset accept-encoding accept-language access-control-request-headers
  access-control-request-method cache-control content-encoding cookie date dnt forwarded from if-match
  if-modified-since if-none-match if-range if-unmodified-since keep-alive origin pragma priority range referer
  sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user
  sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version te traceparent
  tracestate upgrade-insecure-requests user-agent via x-correlation-id x-forwarded-for x-forwarded-host
  x-forwarded-port x-forwarded-proto x-real-ip x-request-id x-requested-with`

const capitalized = (name: string): string =>
  name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())

/** Frequent spellings, so that most names need not be checked and converted to lowercase. */
const KNOWN: ReadonlyMap<string, KnownName> = new Map(
  [...Object.keys(KINDS), ...OFTEN_SENT.split(/\s+/)].flatMap((name) => {
    const known: KnownName = { name, kind: KINDS[name] ?? plain }
    return [
      [name, known],
      [capitalized(name), known],
    ] as const
  }),
)

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether `text` is a token (RFC 9110 §5.6.2). */
export const isToken = (text: string): boolean => TOKEN.test(text)

/** Looks up a field name as sent; `undefined` if it is not a token. */
export function fieldName(sent: string): KnownName | undefined {
  const known = KNOWN.get(sent)
  if (known !== undefined) return known
  if (!TOKEN.test(sent)) return undefined
  const name = sent.toLowerCase()
  return KNOWN.get(name) ?? { name, kind: plain }
}
