import { isObject, jsonKey, objectEntries, objectGet, parseJson } from '../../values/index.ts'
import type { PlainObject, RObj, Value } from '../../values/index.ts'
import { BASE64URL, decodeBase64 } from '../encoding/base64.ts'
import { utf8Bytes, utf8Text } from '../encoding/text-bytes.ts'
import { BuiltinError } from '../types.ts'

type Obj = PlainObject | RObj

/** A token in compact form (RFC 7515, 3.1), its parts still encoded. */
export interface Token {
  readonly header: string
  readonly payload: string
  readonly signature: string
}

/** The header parameters that matter here. */
export interface Header {
  readonly fields: Obj
  readonly algorithm: string
  readonly keyId: string
  readonly contentType: string
  /** Whether `alg` is present and no critical parameter is unknown (RFC 7515, 4.1.11). */
  readonly valid: boolean
}

const KNOWN: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'cty', 'crit'])

export function splitToken(text: string): Token {
  if (!text.includes('.')) throw new BuiltinError('encoded JWT had no period separators')
  const parts = text.split('.')
  if (parts.length !== 3)
    throw new BuiltinError(`encoded JWT must have 3 sections, found ${parts.length}`)
  const [header = '', payload = '', signature = ''] = parts
  return { header, payload, signature }
}

/** Decodes Base64url, with or without padding. */
export function decodeSegment(text: string): Uint8Array {
  if (!text.endsWith('=') && text.length % 4 === 1)
    throw new BuiltinError(`illegal base64url string: ${text}`)
  const padding = text.endsWith('=') ? '' : '='.repeat((4 - (text.length % 4)) % 4)
  return decodeBase64(text + padding, BASE64URL)
}

/** A part of a token as text. */
export function decodePart(name: string, text: string): string {
  try {
    return utf8Text(decodeSegment(text))
  } catch (error) {
    throw new BuiltinError(
      `JWT ${name} had invalid encoding: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

/** The bytes that are signed. */
export function signedBytes({ header, payload }: Token): Uint8Array {
  return utf8Bytes(`${header}.${payload}`)
}

/** Parses JSON text that must be an object. */
export function jsonObject(text: string): Obj {
  let value: Value
  try {
    value = parseJson(text)
  } catch (error) {
    throw new BuiltinError(`invalid JSON: ${error instanceof Error ? error.message : ''}`)
  }
  if (!isObject(value)) throw new BuiltinError('decoded JSON type was not an Object')
  return value
}

export function decodeHeader(token: Token): Obj {
  const text = decodePart('header', token.header)
  let header: Obj
  try {
    header = jsonObject(text)
  } catch (error) {
    throw new BuiltinError(`bad JWT header: ${error instanceof Error ? error.message : ''}`)
  }
  if (objectGet(header, 'enc') !== undefined)
    throw new BuiltinError('JWT is a JWE object, which is not supported')
  return header
}

export function parseHeader(fields: Obj): Header {
  const critical = criticalOf(objectGet(fields, 'crit'))
  const names = [...objectEntries(fields)].map(([name]) => name)
  const known = names.every((name) => KNOWN.has(jsonKey(name)) || !critical.has(name))
  const algorithm = text(fields, 'alg')
  text(fields, 'typ')
  return {
    fields,
    algorithm,
    keyId: text(fields, 'kid'),
    contentType: text(fields, 'cty'),
    valid: algorithm !== '' && known,
  }
}

function criticalOf(value: Value | undefined): ReadonlySet<Value> {
  if (value === undefined) return new Set()
  if (!Array.isArray(value)) throw new BuiltinError('crit: must be a list')
  const names = (value as readonly Value[]).filter((item) => typeof item === 'string')
  if (names.length === 0) throw new BuiltinError('crit: must be a nonempty list')
  return new Set(names)
}

function text(fields: Obj, name: string): string {
  const value = objectGet(fields, name) ?? ''
  if (typeof value !== 'string') throw new BuiltinError(`${name}: must be a string`)
  return value
}
