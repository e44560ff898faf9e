import { constants, createHmac, sign, timingSafeEqual, verify } from 'node:crypto'
import type { KeyObject, SignKeyObjectInput, VerifyKeyObjectInput } from 'node:crypto'
import { BuiltinError } from '../types.ts'

/** A signature algorithm of RFC 7518 or RFC 8037. */
export interface Algorithm {
  readonly keyType: 'secret' | 'rsa' | 'ec' | 'ed25519'
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null
  readonly pss: boolean
}

function family(
  prefix: string,
  keyType: Algorithm['keyType'],
  pss: boolean,
): [string, Algorithm][] {
  return ([256, 384, 512] as const).map((size) => [
    `${prefix}${size}`,
    { keyType, digest: `sha${size}`, pss },
  ])
}

/** The algorithms by name; `none` is not among them. */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ...family('RS', 'rsa', false),
  ...family('PS', 'rsa', true),
  ...family('ES', 'ec', false),
  ...family('HS', 'secret', false),
  ['EdDSA', { keyType: 'ed25519', digest: null, pss: false }],
])

function options(
  { keyType, pss }: Algorithm,
  key: KeyObject,
  saltLength: number,
): SignKeyObjectInput & VerifyKeyObjectInput {
  if (keyType === 'ec') return { key, dsaEncoding: 'ieee-p1363' }
  return pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } : { key }
}

function keyTypeOf(key: KeyObject): string {
  return key.type === 'secret' ? 'secret' : (key.asymmetricKeyType ?? '')
}

/** Whether the key made the signature; false for a key of another type. */
export function verifySignature(
  algorithm: Algorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (keyTypeOf(key) !== algorithm.keyType) return false
  if (algorithm.keyType === 'secret') {
    const expected = createHmac(algorithm.digest!, key).update(data).digest()
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
  try {
    return verify(
      algorithm.digest,
      data,
      options(algorithm, key, constants.RSA_PSS_SALTLEN_AUTO),
      signature,
    )
  } catch {
    return false
  }
}

/** Signs; the key must be of the algorithm's type. */
export function createSignature(
  algorithm: Algorithm,
  key: KeyObject,
  data: Uint8Array,
): Uint8Array {
  if (keyTypeOf(key) !== algorithm.keyType)
    throw new BuiltinError('the key does not fit the algorithm')
  if (algorithm.keyType === 'secret')
    return createHmac(algorithm.digest!, key).update(data).digest()
  return sign(algorithm.digest, data, options(algorithm, key, constants.RSA_PSS_SALTLEN_DIGEST))
}
