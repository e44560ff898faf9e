/** What a field means for reading its message; all other fields are `plain`. */
export const NAME_KINDS = {
  plain: 0,
  length: 1,
  coding: 2,
  connection: 3,
  keepAlive: 4,
} as const

/** One of {@link NAME_KINDS}. */
export type NameKind = (typeof NAME_KINDS)[keyof typeof NAME_KINDS]

/** A field name in lowercase, and what it means. */
export interface KnownName {
  readonly name: string
  readonly kind: NameKind
}

const { plain, length, coding, connection, keepAlive } = NAME_KINDS

const KINDS: Readonly<Record<string, NameKind>> = {
  'content-length': length,
  'transfer-encoding': coding,
  connection,
  'keep-alive': keepAlive,
}

const OFTEN_SENT = `accept-ranges access-control-allow-credentials access-control-allow-headers
  access-control-allow-methods access-control-allow-origin access-control-expose-headers
  access-control-max-age age allow alt-svc cache-control cdn-cache-control content-disposition
  content-encoding content-language content-location content-range content-security-policy content-type
  date etag expires last-modified link location permissions-policy pragma ratelimit ratelimit-policy
  referrer-policy retry-after server server-timing set-cookie strict-transport-security surrogate-key
  trailer traceparent upgrade vary via www-authenticate x-cache x-content-type-options
  x-frame-options x-powered-by x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-request-id
  x-response-time x-xss-protection`

const capitalized = (name: string): string =>
  name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())

const SPECIAL_SPELLINGS = [['etag', 'ETag']] as const

/** Frequent spellings, so that most names need not be checked and converted to lowercase. */
const KNOWN: ReadonlyMap<string, KnownName> = new Map(
  [
    ...[...Object.keys(KINDS), ...OFTEN_SENT.split(/\s+/)].flatMap((name) => [
      [name, name] as const,
      [name, capitalized(name)] as const,
    ]),
    ...SPECIAL_SPELLINGS,
  ].map(([name, sent]): [string, KnownName] => [sent, { name, kind: KINDS[name] ?? plain }]),
)

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Looks up a field name as sent; `undefined` if it is not a token (RFC 9110 §5.1). */
export function responseName(sent: string): KnownName | undefined {
  const known = KNOWN.get(sent)
  if (known !== undefined) return known
  if (!TOKEN.test(sent)) return undefined
  const name = sent.toLowerCase()
  return KNOWN.get(name) ?? { name, kind: plain }
}
