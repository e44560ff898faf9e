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
import { signingKey } from './keys.ts'
import type { VerificationKey } from './keys.ts'
import {
  decodeHeader,
  decodePart,
  decodeSegment,
  jsonObject,
  parseHeader,
  signedBytes,
  splitToken,
} from './token.ts'
import { tokensOf } from './token-cache.ts'

type Args = readonly Value[]

const NESTING_MAX = 8

/** Header, payload and signature (in hexadecimal), all unchecked. */
function decode(text: string, depth: number): Value {
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

/** Verifies with a certificate or JSON Web Keys; the key that a token names is preferred. */
function verifyWithKeys(name: string, algorithm: Algorithm): BuiltinCall {
  return (context, args) => {
    const [text, keyText] = [stringOperand(args, 0), stringOperand(args, 1)]
    const tokens = tokensOf(context)
    const isGood = tokens.verified(name, text, keyText, () => {
      const token = splitToken(text)
      const keys = tokens.keys(keyText)
      const signature = decodeSegment(token.signature)
      const header = parseHeader(decodeHeader(token))
      const data = signedBytes(token)
      const fits = ({ key }: VerificationKey): boolean =>
        verifySignature(algorithm, key, data, signature)
      const named = header.keyId === '' ? undefined : keys.find(({ id }) => id === header.keyId)
      const candidates = keys.filter(
        (key) => key.algorithm === '' || key.algorithm === header.algorithm,
      )
      return (named === undefined ? candidates.some(fits) : fits(named)) || undefined
    })
    return isGood === true
  }
}

function verifyWithSecret(name: string, algorithm: Algorithm): BuiltinCall {
  return (context, args) => {
    const [text, secret] = [stringOperand(args, 0), stringOperand(args, 1)]
    const isGood = tokensOf(context).verified(name, text, secret, () => {
      const token = splitToken(text)
      const key = createSecretKey(Buffer.from(secret))
      const signature = decodeSegment(token.signature)
      return verifySignature(algorithm, key, signedBytes(token), signature) || undefined
    })
    return isGood === true
  }
}

const VERIFIERS = Object.fromEntries(
  Array.from(ALGORITHMS, ([name, algorithm]) => [
    `io.jwt.verify_${name.toLowerCase()}`,
    algorithm.keyType === 'secret'
      ? verifyWithSecret(name, algorithm)
      : verifyWithKeys(name, algorithm),
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
  'io.jwt.decode': (context, args) =>
    tokensOf(context).decoded(stringOperand(args, 0), (text) => decode(text, 0)),
  'io.jwt.decode_verify': decodeVerify,
  'io.jwt.encode_sign': (_, args) =>
    encodeSign(jsonText(args, 0), jsonText(args, 1), jsonText(args, 2)),
  'io.jwt.encode_sign_raw': (_, args) =>
    encodeSign(stringOperand(args, 0), stringOperand(args, 1), stringOperand(args, 2)),
}
