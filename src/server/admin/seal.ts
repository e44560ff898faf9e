import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, fromUtf8, utf8 } from '../../core/bytes.ts'
import { hmacSha256 } from '../../core/digest.ts'
import type { Random } from '../../core/random.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts text so that it can be read only with the same secret and label (AES-256-GCM, with a key derived from both
 * by HMAC-SHA-256). The stored bytes are useless to anyone who can only read the storage.
 */
export function seal(text: string, secret: string, label: string, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret, label), nonce)
  const body = concatBytes(
    new Uint8Array(cipher.update(utf8(text))),
    new Uint8Array(cipher.final()),
  )
  return concatBytes(nonce, new Uint8Array(cipher.getAuthTag()), body)
}

/** The text that {@link seal} encrypted, or `undefined` if the secret or label differs. */
export function unseal(sealed: Uint8Array, secret: string, label: string): string | undefined {
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  try {
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret, label), nonce, {
      authTagLength: TAG_BYTES,
    })
    decipher.setAuthTag(tag)
    const body = sealed.subarray(NONCE_BYTES + TAG_BYTES)
    return fromUtf8(
      concatBytes(new Uint8Array(decipher.update(body)), new Uint8Array(decipher.final())),
    )
  } catch {
    return undefined
  }
}

const sealingKey = (secret: string, label: string): Uint8Array =>
  hmacSha256(utf8(secret), `tollgate idempotency v1\0${label}`)
