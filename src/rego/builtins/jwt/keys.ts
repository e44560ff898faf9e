import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { isArray, isPlainObject, objectGet, parseJson, toJson } from '../../values/index.ts'
import type { PlainObject, Value } from '../../values/index.ts'
import { parseCertificate } from '../crypto/certificate.ts'
import { decodePem } from '../crypto/pem.ts'
import { BuiltinError } from '../types.ts'
import { ALGORITHMS } from './algorithms.ts'

/** A key to verify with; a set of JSON Web Keys may name its algorithm and its id. */
export interface VerificationKey {
  readonly key: KeyObject
  readonly algorithm: string
  readonly id: string
}

/**
 * The keys of a PEM certificate, a PEM public key, a JSON Web Key or a set of them (RFC 7517).
 * @throws BuiltinError when the text is none of these.
 */
export function verificationKeys(text: string): VerificationKey[] {
  const block = decodePem(text)
  if (block === undefined) return jwks(text).flatMap(verificationKey)
  if (block.rest.length > 0) throw new BuiltinError('extra data after a PEM certificate block')
  return [{ key: pemKey(block.type, block.bytes), algorithm: '', id: '' }]
}

function pemKey(type: string, bytes: Uint8Array): KeyObject {
  if (type === 'CERTIFICATE') return certificateKey(bytes)
  if (type === 'PUBLIC KEY') return spkiKey(bytes, 'public key')
  throw new BuiltinError('failed to extract a Key from the PEM certificate')
}

function certificateKey(bytes: Uint8Array): KeyObject {
  try {
    return spkiKey(parseCertificate(bytes).keyInfo, 'certificate')
  } catch (error) {
    throw new BuiltinError(
      `failed to parse a PEM certificate: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

function spkiKey(bytes: Uint8Array, what: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })
  } catch (error) {
    throw new BuiltinError(
      `failed to parse a PEM ${what}: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

function parseJwks(text: string): readonly Value[] {
  const parsed = parseJson(text)
  if (!isPlainObject(parsed)) throw new SyntaxError('not an object')
  const keys = objectGet(parsed, 'keys')
  return keys !== undefined && isArray(keys) ? keys : [parsed]
}

function jwks(text: string): PlainObject[] {
  try {
    return parseJwks(text).map((jwk) => {
      if (!isPlainObject(jwk) || typeof jwk['kty'] !== 'string')
        throw new SyntaxError('a key has no type')
      return jwk
    })
  } catch (error) {
    throw new BuiltinError(
      `failed to parse a JWK key (set): ${error instanceof Error ? error.message : ''}`,
    )
  }
}

/** Keys of unsupported algorithms are skipped. */
function verificationKey(jwk: PlainObject): VerificationKey[] {
  const algorithm = textOf(jwk, 'alg')
  if (algorithm !== '' && !ALGORITHMS.has(algorithm)) return []
  return [{ key: keyObject(jwk, false), algorithm, id: textOf(jwk, 'kid') }]
}

function textOf(jwk: PlainObject, name: string): string {
  const value = objectGet(jwk, name)
  return typeof value === 'string' ? value : ''
}

function keyObject(jwk: PlainObject, signing: boolean): KeyObject {
  try {
    if (jwk['kty'] === 'oct') return createSecretKey(Buffer.from(textOf(jwk, 'k'), 'base64url'))
    const key = toJson(jwk) as JsonWebKey
    return signing
      ? createPrivateKey({ key, format: 'jwk' })
      : createPublicKey({ key, format: 'jwk' })
  } catch (error) {
    throw new BuiltinError(
      `failed to parse a JWK key (set): ${error instanceof Error ? error.message : ''}`,
    )
  }
}

/** The key to sign with: the first of a set of JSON Web Keys. */
export function signingKey(text: string): KeyObject {
  const [jwk] = jwks(text)
  if (jwk === undefined) throw new BuiltinError('no keys found in JWK set')
  return keyObject(jwk, true)
}
