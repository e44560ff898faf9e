import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { isArray, isNumber, RSet, sortedEntries, toBigInt, toDouble } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { utf8Bytes } from '../encoding/text-bytes.ts'
import { objectOperand, stringOperand } from '../operands.ts'
import { queryTime } from '../time/now.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall, BuiltinContext } from '../types.ts'
import { readCertificateRequest, readCertificates } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { firstKeyAsJwk, privateKeyFields, readKeyPair, readPrivateKeys } from './private-keys.ts'
import { verifyChain } from './verify-chain.ts'

type Args = readonly Value[]

const SERVER_AUTH = 1
const USAGES: ReadonlyMap<string, number> = new Map([
  ['KeyUsageAny', 0],
  ['KeyUsageServerAuth', 1],
  ['KeyUsageClientAuth', 2],
  ['KeyUsageCodeSigning', 3],
  ['KeyUsageEmailProtection', 4],
  ['KeyUsageIPSECEndSystem', 5],
  ['KeyUsageIPSECTunnel', 6],
  ['KeyUsageIPSECUser', 7],
  ['KeyUsageTimeStamping', 8],
  ['KeyUsageOCSPSigning', 9],
  ['KeyUsageMicrosoftServerGatedCrypto', 10],
  ['KeyUsageNetscapeServerGatedCrypto', 11],
  ['KeyUsageMicrosoftCommercialCodeSigning', 12],
  ['KeyUsageMicrosoftKernelCodeSigning', 13],
])

function hash(algorithm: string): BuiltinCall {
  return (_, args) => createHash(algorithm).update(stringOperand(args, 0)).digest('hex')
}

function hmac(algorithm: string): BuiltinCall {
  return (_, args) =>
    createHmac(algorithm, stringOperand(args, 1)).update(stringOperand(args, 0)).digest('hex')
}

/** Compares two texts in a time that does not depend on where they differ. */
function equalConstantTime(a: string, b: string): boolean {
  const [x, y] = [utf8Bytes(a), utf8Bytes(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

interface VerifyOptions {
  dnsName?: string
  timeMs: number
  usages: number[]
}

function verifyOptions(
  context: BuiltinContext,
  options: readonly (readonly [Value, Value])[],
): VerifyOptions {
  const now = queryTime(context)
  const read: VerifyOptions = { timeMs: isNumber(now) ? toDouble(now) / 1e6 : 0, usages: [] }
  for (const [name, value] of options) {
    if (typeof name === 'string') readOption(read, name, value)
  }
  return read.usages.length === 0 ? { ...read, usages: [SERVER_AUTH] } : read
}

function readOption(options: VerifyOptions, name: string, value: Value): void {
  if (name === 'DNSName') {
    if (typeof value !== 'string') throw new BuiltinError("'DNSName' should be a string")
    options.dnsName = value.replace(/^"+|"+$/g, '')
  } else if (name === 'CurrentTime') {
    if (!isNumber(value)) throw new BuiltinError("'CurrentTime' should be a number")
    const nanoseconds = toBigInt(value)
    if (nanoseconds === undefined)
      throw new BuiltinError("'CurrentTime' should be a valid int64 number")
    options.timeMs = Number(nanoseconds) / 1e6
  } else if (name === 'MaxConstraintComparisons') {
    if (!isNumber(value)) throw new BuiltinError("'MaxConstraintComparisons' should be a number")
  } else if (name === 'KeyUsages') options.usages = usagesOf(value)
  else throw new BuiltinError('invalid key option')
}

function usagesOf(value: Value): number[] {
  if (!isArray(value) && !(value instanceof RSet))
    throw new BuiltinError("'KeyUsages' should be an Array or Set")
  const names = [...value].filter((item) => typeof item === 'string')
  const unknown = names.filter((name) => !USAGES.has(name))
  if (unknown.length > 0)
    throw new BuiltinError(`invalid entries for 'KeyUsages' found: [${unknown.join(' ')}]`)
  return names.map((name) => USAGES.get(name)!)
}

function parseAndVerify(
  context: BuiltinContext,
  text: string,
  options: readonly (readonly [Value, Value])[],
  uriStrings: boolean,
): Value {
  const certificates = tryRead(text)
  if (certificates === undefined) return [false, []]
  const chain = verifyChain(certificates, verifyOptions(context, options))
  return chain === undefined
    ? [false, []]
    : [true, chain.map((certificate) => shown(certificate, uriStrings))]
}

function shown({ fields }: Certificate, uriStrings: boolean): Value {
  if (uriStrings) return fields
  const { URIStrings: _, ...others } = fields
  return others
}

function tryRead(text: string): Certificate[] | undefined {
  try {
    return readCertificates(text)
  } catch {
    return undefined
  }
}

function parsePrivateKeys(args: Args): Value {
  const text = stringOperand(args, 0)
  return text === '' ? null : readPrivateKeys(text).map(privateKeyFields)
}

/** Hashes, certificates and keys. */
export const CRYPTO: Readonly<Record<string, BuiltinCall>> = {
  'crypto.md5': hash('md5'),
  'crypto.sha1': hash('sha1'),
  'crypto.sha256': hash('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': (_, args) =>
    equalConstantTime(stringOperand(args, 0), stringOperand(args, 1)),
  'crypto.x509.parse_certificates': (_, args) =>
    readCertificates(stringOperand(args, 0)).map(({ fields }): Value => fields),
  'crypto.x509.parse_and_verify_certificates': (context, args) =>
    parseAndVerify(context, stringOperand(args, 0), [], true),
  'crypto.x509.parse_and_verify_certificates_with_options': (context, args) =>
    parseAndVerify(context, stringOperand(args, 0), sortedEntries(objectOperand(args, 1)), false),
  'crypto.x509.parse_certificate_request': (_, args) =>
    readCertificateRequest(stringOperand(args, 0)),
  'crypto.x509.parse_keypair': (_, args) =>
    readKeyPair(stringOperand(args, 0), stringOperand(args, 1)),
  'crypto.x509.parse_rsa_private_key': (_, args) => firstKeyAsJwk(stringOperand(args, 0)),
  'crypto.parse_private_keys': (_, args) => parsePrivateKeys(args),
}
