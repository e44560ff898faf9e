import { fromBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BASE64, encodeBase64 } from '../encoding/base64.ts'
import { bitsOf, ElementReader, integerOf, oidOf, readOnly, TAG } from './asn1.ts'
import type { Element } from './asn1.ts'

const RSA = '1.2.840.113549.1.1.1'
const EC = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'
/** Go's numbers for public key algorithms. */
const ALGORITHMS: Readonly<Record<string, number>> = {
  [RSA]: 1,
  '1.2.840.10040.4.1': 2,
  [EC]: 3,
  [ED25519]: 4,
}

/** A public key as Go's JSON shows it, and the number of its algorithm. */
export function publicKeyFields(info: Element): {
  readonly PublicKeyAlgorithm: number
  readonly PublicKey: Value
} {
  const reader = new ElementReader(info.content)
  const algorithm = oidOf(new ElementReader(reader.next(TAG.sequence).content).next(TAG.oid)).join(
    '.',
  )
  const bits = bitsOf(reader.next(TAG.bitString))
  return { PublicKeyAlgorithm: ALGORITHMS[algorithm] ?? 0, PublicKey: keyFields(algorithm, bits) }
}

function keyFields(algorithm: string, bits: Uint8Array): Value {
  if (algorithm === RSA) {
    const numbers = new ElementReader(readOnly(bits, TAG.sequence).content)
    const modulus = integerOf(numbers.next(TAG.integer))
    return { N: fromBigInt(modulus), E: fromBigInt(integerOf(numbers.next(TAG.integer))) }
  }
  if (algorithm === EC && bits[0] === 4) {
    const size = (bits.length - 1) / 2
    return {
      Curve: {},
      X: numberOf(bits.subarray(1, 1 + size)),
      Y: numberOf(bits.subarray(1 + size)),
    }
  }
  return algorithm === ED25519 ? encodeBase64(bits, BASE64) : null
}

function numberOf(bytes: Uint8Array): Value {
  return fromBigInt(bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n))
}

interface SignatureAlgorithm {
  /** Go's number. */
  readonly number: number
  /** The digest, if signatures of this algorithm may be trusted. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512' | 'none'
  readonly pss?: boolean
}

const SIGNATURES: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.2': { number: 1 },
  '1.2.840.113549.1.1.4': { number: 2 },
  '1.2.840.113549.1.1.5': { number: 3 },
  '1.2.840.113549.1.1.11': { number: 4, digest: 'sha256' },
  '1.2.840.113549.1.1.12': { number: 5, digest: 'sha384' },
  '1.2.840.113549.1.1.13': { number: 6, digest: 'sha512' },
  '1.2.840.10040.4.3': { number: 7 },
  '2.16.840.1.101.3.4.3.2': { number: 8 },
  '1.2.840.10045.4.1': { number: 9 },
  '1.2.840.10045.4.3.2': { number: 10, digest: 'sha256' },
  '1.2.840.10045.4.3.3': { number: 11, digest: 'sha384' },
  '1.2.840.10045.4.3.4': { number: 12, digest: 'sha512' },
  [ED25519]: { number: 16, digest: 'none' },
}
const PSS = '1.2.840.113549.1.1.10'
const PSS_DIGESTS: Readonly<Record<string, SignatureAlgorithm>> = {
  '2.16.840.1.101.3.4.2.1': { number: 13, digest: 'sha256', pss: true },
  '2.16.840.1.101.3.4.2.2': { number: 14, digest: 'sha384', pss: true },
  '2.16.840.1.101.3.4.2.3': { number: 15, digest: 'sha512', pss: true },
}

/** The signature algorithm of an algorithm identifier. */
export function signatureAlgorithm(identifier: Element): SignatureAlgorithm {
  const reader = new ElementReader(identifier.content)
  const name = oidOf(reader.next(TAG.oid)).join('.')
  if (name !== PSS) return SIGNATURES[name] ?? { number: 0 }
  const parameters = reader.rest()[0]
  if (parameters === undefined) return { number: 0 }
  const hash = new ElementReader(parameters.content).optional(0xa0)
  if (hash === undefined) return { number: 0 }
  const digest = oidOf(
    new ElementReader(readOnly(hash.content, TAG.sequence).content).next(TAG.oid),
  ).join('.')
  return PSS_DIGESTS[digest] ?? { number: 0 }
}
