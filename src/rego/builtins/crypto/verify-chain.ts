import { constants, createPublicKey, verify } from 'node:crypto'
import { equals, isArray } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import type { Certificate } from './certificate.ts'

/** What a chain is checked against. */
export interface ChainOptions {
  /** The name that the leaf must be valid for; absent: any. */
  readonly dnsName?: string
  /** Milliseconds since 1970. */
  readonly timeMs: number
  /** Go's numbers of usages; the leaf must allow one of them. 0 means any. */
  readonly usages: readonly number[]
}

const KEY_CERT_SIGN = 32
const CHAIN_LENGTH_MAX = 10

/**
 * Finds a chain from the leaf (the last certificate) through intermediates to the root (the first one).
 * @returns the chain, leaf first, or `undefined` when there is no valid one.
 */
export function verifyChain(
  certificates: readonly Certificate[],
  options: ChainOptions,
): Certificate[] | undefined {
  const [root, ...others] = certificates
  const leaf = others.pop()
  if (root === undefined || leaf === undefined) return undefined
  if (!isCurrent(leaf, options.timeMs) || hasUnhandled(leaf)) return undefined
  if (options.dnsName !== undefined && !matchesName(leaf, options.dnsName)) return undefined
  if (sameBytes(leaf.raw, root.raw)) return allowsUsage([leaf], options.usages) ? [leaf] : undefined
  const chain = extend([leaf], root, others, options.timeMs)
  return chain !== undefined && allowsUsage(chain, options.usages) ? chain : undefined
}

function extend(
  chain: readonly Certificate[],
  root: Certificate,
  intermediates: readonly Certificate[],
  timeMs: number,
): Certificate[] | undefined {
  const child = chain.at(-1)!
  if (mayIssue(root, child, chain, timeMs)) return [...chain, root]
  if (chain.length >= CHAIN_LENGTH_MAX) return undefined
  for (const candidate of intermediates) {
    if (chain.includes(candidate) || !mayIssue(candidate, child, chain, timeMs)) continue
    const found = extend([...chain, candidate], root, intermediates, timeMs)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether the issuer is a valid authority for the chain below it and signed the child (RFC 5280, 6.1). */
function mayIssue(
  issuer: Certificate,
  child: Certificate,
  below: readonly Certificate[],
  timeMs: number,
): boolean {
  const { fields } = issuer
  if (
    !sameBytes(issuer.subject, child.issuer) ||
    !isCurrent(issuer, timeMs) ||
    hasUnhandled(issuer)
  )
    return false
  if (
    fields['Version'] === 3 &&
    !(fields['BasicConstraintsValid'] === true && fields['IsCA'] === true)
  )
    return false
  const usage = fields['KeyUsage'] as number
  if (usage !== 0 && (usage & KEY_CERT_SIGN) === 0) return false
  const pathMax = fields['MaxPathLen'] as number
  if (fields['BasicConstraintsValid'] === true && pathMax >= 0 && below.length - 1 > pathMax)
    return false
  return (
    below.every((certificate) => namesAllowed(issuer, certificate)) && isSignedBy(child, issuer)
  )
}

function isSignedBy(child: Certificate, issuer: Certificate): boolean {
  const { digest, pss } = child.algorithm
  if (digest === undefined) return false
  const key = createPublicKey({ key: Buffer.from(issuer.keyInfo), format: 'der', type: 'spki' })
  const padding =
    pss === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
      : {}
  return verify(
    digest === 'none' ? null : digest,
    child.signed,
    { key, ...padding },
    child.signature,
  )
}

function isCurrent({ fields }: Certificate, timeMs: number): boolean {
  return (
    Date.parse(fields['NotBefore'] as string) <= timeMs &&
    timeMs <= Date.parse(fields['NotAfter'] as string)
  )
}

function hasUnhandled({ fields }: Certificate): boolean {
  return fields['UnhandledCriticalExtensions'] !== null
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function stringsOf(value: Value | undefined): readonly string[] {
  return value !== undefined && isArray(value)
    ? value.filter((item) => typeof item === 'string')
    : []
}

/** Name constraints: DNS names are compared; names of other kinds under a constraint are refused. */
function namesAllowed({ fields: issuer }: Certificate, { fields }: Certificate): boolean {
  for (const [kind, names] of [
    ['EmailAddresses', 'EmailAddresses'],
    ['URIDomains', 'URIs'],
    ['IPRanges', 'IPAddresses'],
  ] as const) {
    const constrained = issuer[`Permitted${kind}`] !== null || issuer[`Excluded${kind}`] !== null
    if (constrained && fields[names] !== null) return false
  }
  const permitted = stringsOf(issuer['PermittedDNSDomains'])
  const excluded = stringsOf(issuer['ExcludedDNSDomains'])
  return stringsOf(fields['DNSNames']).every(
    (name) =>
      (permitted.length === 0 || permitted.some((domain) => isWithin(name, domain))) &&
      !excluded.some((domain) => isWithin(name, domain)),
  )
}

function isWithin(name: string, domain: string): boolean {
  const [lowerName, lowerDomain] = [name.toLowerCase(), domain.toLowerCase()]
  if (lowerDomain === '' || lowerName === lowerDomain) return true
  return lowerName.endsWith(lowerDomain.startsWith('.') ? lowerDomain : `.${lowerDomain}`)
}

/** Whether the leaf is valid for a host name or address (RFC 6125: a wildcard only as the whole first label). */
function matchesName({ fields }: Certificate, wanted: string): boolean {
  const host = wanted.toLowerCase().replace(/\.$/, '')
  const literal = /^\[?([\da-f.:]*[.:][\da-f.:]*)\]?$/.exec(host)
  const addresses = stringsOf(fields['IPAddresses'])
  if (literal !== null && addresses.includes(literal[1]!)) return true
  return stringsOf(fields['DNSNames']).some((name) => {
    const pattern = name.toLowerCase().replace(/\.$/, '')
    if (pattern === host) return true
    return (
      pattern.startsWith('*.') &&
      host.includes('.') &&
      host.slice(host.indexOf('.')) === pattern.slice(1)
    )
  })
}

/** Whether every certificate that restricts usages allows some wanted usage. */
function allowsUsage(chain: readonly Certificate[], usages: readonly number[]): boolean {
  if (usages.some((usage) => usage === 0)) return true
  return usages.some((usage) =>
    chain.every(({ fields }) => {
      if (fields['ExtKeyUsage'] === null && fields['UnknownExtKeyUsage'] === null) return true
      const allowed = (fields['ExtKeyUsage'] ?? []) as readonly Value[]
      return allowed.some((item) => equals(item, usage) || equals(item, 0))
    }),
  )
}
