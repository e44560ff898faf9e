import { createSecretKey } from 'node:crypto'
import { isPlainObject, objectGet, parseJson, stringifyJson } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BASE64URL_BARE, encodeBase64 } from '../encoding/base64.ts'
import { hexText, utf8Bytes } from '../encoding/text-bytes.ts'
import { stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import { ALGORITHMS, createSignature, verifySignature } from './algorithms.ts'
import type { Algorithm } from './algorithms.ts'
import { decodeVerify } from './decode-verify.ts'
import { signingKey, verificationKeys } from './keys.ts'
import {
  decodeHeader,
  decodePart,
  decodeSegment,
  jsonObject,
  parseHeader,
  signedBytes,
  splitToken,
} from './token.ts'

type Args = readonly Value[]

const NESTING_MAX = 8

/** Header, payload and signature (in hexadecimal), none of them checked. */
function decode(text: string, depth = 0): Value {
  const token = splitToken(text)
  const header = decodeHeader(token)
  const payload = decodePart('payload', token.payload)
  if (objectGet(header, 'cty') === 'JWT') {
    if (depth >= NESTING_MAX) throw new BuiltinError('JWT is nested too deeply')
    return decode(payload.replace(/^["']+|["']+$/g, ''), depth + 1)
  }
  const body = jsonObject(payload)
  try {
    return [header, body, hexText(decodeSegment(token.signature))]
  } catch (error) {
    throw new BuiltinError(
      `JWT signature had invalid encoding: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

/** Verifies with a certificate or JSON Web Keys; the key a token names is preferred. */
function verifyWithKeys(algorithm: Algorithm): BuiltinCall {
  return (_, args) => {
    const token = splitToken(stringOperand(args, 0))
    const keys = verificationKeys(stringOperand(args, 1))
    const signature = decodeSegment(token.signature)
    const header = parseHeader(decodeHeader(token))
    const data = signedBytes(token)
    const named = header.keyId === '' ? undefined : keys.find(({ id }) => id === header.keyId)
    if (named !== undefined) return verifySignature(algorithm, named.key, data, signature)
    return keys.some(
      (candidate) =>
        (candidate.algorithm === '' || candidate.algorithm === header.algorithm) &&
        verifySignature(algorithm, candidate.key, data, signature),
    )
  }
}

function verifyWithSecret(algorithm: Algorithm): BuiltinCall {
  return (_, args) => {
    const token = splitToken(stringOperand(args, 0))
    const key = createSecretKey(Buffer.from(stringOperand(args, 1)))
    return verifySignature(algorithm, key, signedBytes(token), decodeSegment(token.signature))
  }
}

const VERIFIERS = Object.fromEntries(
  Array.from(ALGORITHMS, ([name, algorithm]) => [
    `io.jwt.verify_${name.toLowerCase()}`,
    algorithm.keyType === 'secret' ? verifyWithSecret(algorithm) : verifyWithKeys(algorithm),
  ]),
)

function headerValue(headers: string, name: string): Value | undefined {
  let parsed: Value
  try {
    parsed = parseJson(headers)
  } catch {
    if (!headers.trimStart().startsWith('{')) return undefined
    throw new BuiltinError("missing or invalid 'alg' header: cannot parse JSON")
  }
  return isPlainObject(parsed) ? objectGet(parsed, name) : undefined
}

function isJson(text: string): boolean {
  try {
    parseJson(text)
    return true
  } catch {
    return false
  }
}

/** Signs (RFC 7515, 5.1) headers and payload as they are written. */
function encodeSign(headers: string, payload: string, keyText: string): string {
  const key = signingKey(keyText)
  const name = headerValue(headers, 'alg')
  if (typeof name !== 'string')
    throw new BuiltinError('missing or invalid \'alg\' header: jwsbb: header "alg" not found')
  const algorithm = ALGORITHMS.get(name)
  if (algorithm === undefined) throw new BuiltinError(`unknown JWS algorithm: ${name}`)
  const type = headerValue(headers, 'typ')
  if ((typeof type !== 'string' || type === 'JWT') && !isJson(payload)) {
    throw new BuiltinError('type is JWT but payload is not JSON')
  }
  const encode = (bytes: Uint8Array): string => encodeBase64(bytes, BASE64URL_BARE)
  const signed = `${encode(utf8Bytes(headers))}.${encode(utf8Bytes(payload))}`
  return `${signed}.${encode(createSignature(algorithm, key, utf8Bytes(signed)))}`
}

function jsonText(args: Args, index: number): string {
  return stringifyJson(args[index]!, { escapeHtml: true })
}

/** JSON Web Tokens (RFC 7519). */
export const TOKENS: Readonly<Record<string, BuiltinCall>> = {
  ...VERIFIERS,
  'io.jwt.decode': (_, args) => decode(stringOperand(args, 0)),
  'io.jwt.decode_verify': decodeVerify,
  'io.jwt.encode_sign': (_, args) =>
    encodeSign(jsonText(args, 0), jsonText(args, 1), jsonText(args, 2)),
  'io.jwt.encode_sign_raw': (_, args) =>
    encodeSign(stringOperand(args, 0), stringOperand(args, 1), stringOperand(args, 2)),
}
