import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { fromBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BASE64, BASE64URL_BARE, decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import { utf8Text } from '../encoding/text-bytes.ts'
import { BuiltinError } from '../types.ts'
import { parseCertificate } from './certificate.ts'
import { decodePems, isPem } from './pem.ts'
import type { PemBlock } from './pem.ts'

type KeyType = 'pkcs1' | 'pkcs8' | 'sec1'

const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  'RSA PRIVATE KEY': 'pkcs1',
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
}

function keyOf({ type, bytes }: PemBlock): KeyObject | undefined {
  const keyType = KEY_TYPES[type]
  return keyType === undefined
    ? undefined
    : createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: keyType })
}

/** The private keys within PEM, or Base64 of PEM. */
export function readPrivateKeys(text: string): KeyObject[] {
  return decodePems(isPem(text.trimStart()) ? text : tryDecode(text))
    .map(keyOf)
    .filter((key) => key !== undefined)
}

function tryDecode(text: string): string {
  try {
    return utf8Text(decodeBase64(text, BASE64))
  } catch {
    return text
  }
}

/** The first private key as a JSON Web Key (RFC 7517), `null` when there is none. */
export function firstKeyAsJwk(text: string): Value {
  if (text === '') throw new BuiltinError('input PEM data was empty')
  const pem = isPem(text) ? text : utf8Text(decodeBase64(text, BASE64))
  const key = readPrivateKeys(pem)[0]
  return key === undefined ? null : present(key.export({ format: 'jwk' }))
}

function present(jwk: JsonWebKey): Value {
  return Object.fromEntries(
    Object.entries(jwk).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function integer(text: unknown): Value {
  const bytes = typeof text === 'string' ? decodeBase64(text, BASE64URL_BARE) : new Uint8Array()
  return fromBigInt(bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n))
}

/** A private key with the fields that Go's JSON gives it. */
export function privateKeyFields(key: KeyObject): Value {
  const jwk = key.export({ format: 'jwk' })
  if (jwk.kty === 'RSA') {
    return {
      N: integer(jwk.n),
      E: integer(jwk.e),
      D: integer(jwk.d),
      Primes: [integer(jwk.p), integer(jwk.q)],
      Precomputed: {
        Dp: integer(jwk.dp),
        Dq: integer(jwk.dq),
        Qinv: integer(jwk.qi),
        CRTValues: [],
      },
    }
  }
  if (jwk.kty === 'EC')
    return { Curve: {}, D: integer(jwk.d), X: integer(jwk.x), Y: integer(jwk.y) }
  const seed = decodeBase64(jwk.d ?? '', BASE64URL_BARE)
  const point = decodeBase64(jwk.x ?? '', BASE64URL_BARE)
  return encodeBase64(Uint8Array.from([...seed, ...point]), BASE64)
}

/** A certificate chain and the private key of its first certificate. */
export function readKeyPair(certificateText: string, keyText: string): Value {
  const certificates = blocksOf(certificateText, 'CERTIFICATE').filter(
    ({ type }) => type === 'CERTIFICATE',
  )
  const leafBytes = certificates[0]?.bytes
  if (leafBytes === undefined)
    throw new BuiltinError('tls: failed to find any PEM data in certificate input')
  const key = blocksOf(keyText, 'PRIVATE KEY')
    .map(keyOf)
    .find((found) => found !== undefined)
  if (key === undefined) throw new BuiltinError('tls: failed to find any PEM data in key input')
  const leaf = parseCertificate(leafBytes)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  if (!Buffer.from(leaf.keyInfo).equals(spki))
    throw new BuiltinError('tls: private key does not match public key')
  const { URIStrings: _, ...fields } = leaf.fields
  return {
    Certificate: certificates.map(({ bytes }) => encodeBase64(bytes, BASE64)),
    Leaf: fields,
    OCSPStaple: null,
    PrivateKey: privateKeyFields(key),
    SignedCertificateTimestamps: null,
    SupportedSignatureAlgorithms: null,
  }
}

/** PEM blocks from PEM, Base64 of PEM, or Base64 of one block's bytes. */
function blocksOf(text: string, type: string): PemBlock[] {
  if (isPem(text)) return decodePems(text)
  const bytes = decodeBase64(text, BASE64)
  const inner = utf8Text(bytes)
  return isPem(inner) ? decodePems(inner) : [{ type, bytes, rest: '' }]
}
