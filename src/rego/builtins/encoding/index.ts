import { parseJson, stringifyJson } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { objectOperand, stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import { BASE64, BASE64URL, BASE64URL_BARE, decodeBase64, encodeBase64 } from './base64.ts'
import type { Base64Variant } from './base64.ts'
import { marshalWithOptions } from './json-options.ts'
import { hexText, utf8Bytes, utf8Text } from './text-bytes.ts'
import { parseUri } from './uri.ts'
import { encodeQuery, escapeQuery, parseQuery, unescapePercent } from './url-query.ts'
import { parseYaml, stringifyYaml } from './yaml.ts'

function onString(operation: (text: string) => Value): BuiltinCall {
  return (_, args) => operation(stringOperand(args, 0))
}

/** Whether reading the argument succeeds; false if it is not a string. */
function isValid(read: (text: string) => unknown): BuiltinCall {
  return (_, args) => {
    const text = args[0]
    if (typeof text !== 'string') return false
    try {
      read(text)
      return true
    } catch {
      return false
    }
  }
}

function encoder(variant: Base64Variant): BuiltinCall {
  return onString((text) => encodeBase64(utf8Bytes(text), variant))
}

function decodeHex(text: string): string {
  const wrong = /[^0-9a-fA-F]/u.exec(text)?.[0]
  if (wrong !== undefined) {
    const byte = utf8Bytes(wrong)[0]!
    const shown = byte < 0x80 ? ` '${wrong}'` : ` '${String.fromCharCode(byte)}'`
    throw new BuiltinError(
      `encoding/hex: invalid byte: U+${byte.toString(16).toUpperCase().padStart(4, '0')}${shown}`,
    )
  }
  if (text.length % 2 === 1) throw new BuiltinError('encoding/hex: odd length hex string')
  return utf8Text(Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)))
}

/** Base64url with or without its padding (RFC 7515, appendix C). */
function decodeUnpadded(text: string): string {
  if (text.endsWith('=')) return utf8Text(decodeBase64(text, BASE64URL))
  if (text.length % 4 === 1) throw new BuiltinError(`illegal base64url string: ${text}`)
  return utf8Text(decodeBase64(text + '='.repeat((4 - (text.length % 4)) % 4), BASE64URL))
}

/** JSON, YAML, Base64, hexadecimal, query strings and URIs. */
export const ENCODINGS: Readonly<Record<string, BuiltinCall>> = {
  'json.marshal': (_, args) => stringifyJson(args[0]!, { escapeHtml: true }),
  'json.marshal_with_options': (_, args) => marshalWithOptions(args),
  'json.unmarshal': onString(parseJson),
  'json.is_valid': isValid(parseJson),
  'yaml.marshal': (_, args) => stringifyYaml(args[0]!),
  'yaml.unmarshal': onString(parseYaml),
  'yaml.is_valid': isValid(parseYaml),
  'base64.encode': encoder(BASE64),
  'base64.decode': onString((text) => utf8Text(decodeBase64(text, BASE64))),
  'base64.is_valid': isValid((text) => decodeBase64(text, BASE64)),
  'base64url.encode': encoder(BASE64URL),
  'base64url.encode_no_pad': encoder(BASE64URL_BARE),
  'base64url.decode': onString(decodeUnpadded),
  'hex.encode': onString((text) => hexText(utf8Bytes(text))),
  'hex.decode': onString(decodeHex),
  'urlquery.encode': onString(escapeQuery),
  'urlquery.decode': onString((text) => unescapePercent(text, true)),
  'urlquery.encode_object': (_, args) => encodeQuery(objectOperand(args, 0)),
  'urlquery.decode_object': onString(parseQuery),
  'uri.parse': onString(parseUri),
  'uri.is_valid': isValid((text) => {
    if (text === '') throw new BuiltinError('empty')
    parseUri(text)
  }),
}
