import type { KeyObject } from 'node:crypto'
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { BundleError } from './bundle-error.ts'

/** The algorithms that may sign a bundle (RFC 7518 §3.1). */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
] as const
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

const KEY_TYPES: Readonly<Record<string, string>> = { RS: 'rsa', PS: 'rsa', ES: 'ec' }
const CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}
const HMAC_BYTES_MIN = 16

const digestOf = (algorithm: SigningAlgorithm): string => `sha${algorithm.slice(2)}`

function optionsOf(algorithm: SigningAlgorithm, key: KeyObject) {
  if (algorithm.startsWith('ES')) return { key, dsaEncoding: 'ieee-p1363' } as const
  if (!algorithm.startsWith('PS')) return { key }
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

/** Reads a key of the algorithm's type; throws a BundleError for any other key. */
function keyOf(algorithm: SigningAlgorithm, pem: string, isPrivate: boolean): KeyObject {
  let key: KeyObject
  try {
    key = isPrivate ? createPrivateKey(pem) : createPublicKey(pem)
  } catch (cause) {
    throw new BundleError('the key is not a PEM key', { cause })
  }
  const curve = CURVES[algorithm]
  const isRight =
    key.asymmetricKeyType === KEY_TYPES[algorithm.slice(0, 2)] &&
    (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve)
  if (!isRight) throw new BundleError(`the key is not suitable for ${algorithm}`)
  return key
}

function hmacOf(algorithm: SigningAlgorithm, secret: string, data: Uint8Array): Buffer {
  if (secret.length < HMAC_BYTES_MIN) {
    throw new BundleError(`a secret for ${algorithm} needs at least ${HMAC_BYTES_MIN} characters`)
  }
  return createHmac(digestOf(algorithm), secret).update(data).digest()
}

/** Signs; throws a BundleError when the key does not fit the algorithm. */
export function signBytes(algorithm: SigningAlgorithm, key: string, data: Uint8Array): Uint8Array {
  if (algorithm.startsWith('HS')) return hmacOf(algorithm, key, data)
  return sign(digestOf(algorithm), data, optionsOf(algorithm, keyOf(algorithm, key, true)))
}

/** Whether the key made the signature; throws a BundleError when the key does not fit the algorithm. */
export function verifyBytes(
  algorithm: SigningAlgorithm,
  key: string,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm.startsWith('HS')) {
    const expected = hmacOf(algorithm, key, data)
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
  const options = optionsOf(algorithm, keyOf(algorithm, key, false))
  return verify(digestOf(algorithm), data, options, signature)
}
