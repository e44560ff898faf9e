import { BuiltinError } from '../types.ts'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Which characters stand for 62 and 63, and whether padding is required (RFC 4648). */
export interface Base64Variant {
  readonly alphabet: string
  readonly padded: boolean
}

export const BASE64: Base64Variant = { alphabet: STANDARD, padded: true }
export const BASE64URL: Base64Variant = { alphabet: URL_SAFE, padded: true }
export const BASE64URL_BARE: Base64Variant = { alphabet: URL_SAFE, padded: false }

/** Encodes bytes. */
export function encodeBase64(bytes: Uint8Array, { alphabet, padded }: Base64Variant): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const count = Math.min(bytes.length - i, 3) + 1
    for (let j = 0; j < count; j++) text += alphabet[(group >> (18 - 6 * j)) & 63]
    if (padded) text += '='.repeat(4 - count)
  }
  return text
}

/**
 * Decodes; line ends are skipped.
 * @throws BuiltinError that names the offending byte, as Go does.
 */
export function decodeBase64(
  text: string,
  { alphabet, padded }: Base64Variant,
): Uint8Array<ArrayBuffer> {
  const { digits, end } = readDigits(text, alphabet, padded)
  const tail = digits.length % 4
  if (tail === 1 || (padded && end < 0 && tail !== 0)) throw illegal(text.length - tail)
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  for (let i = 0, at = 0; i < digits.length; i += 4) {
    const group =
      (digits[i]! << 18) |
      (digits[i + 1]! << 12) |
      ((digits[i + 2] ?? 0) << 6) |
      (digits[i + 3] ?? 0)
    for (let j = 0; j < 3 && at < bytes.length; j++) bytes[at++] = (group >> (16 - 8 * j)) & 255
  }
  return bytes
}

function readDigits(
  text: string,
  alphabet: string,
  padded: boolean,
): { digits: number[]; end: number } {
  const digits: number[] = []
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '\n' || character === '\r') continue
    const digit = alphabet.indexOf(character)
    if (digit >= 0) {
      digits.push(digit)
      continue
    }
    if (character !== '=' || !padded || digits.length % 4 < 2) throw illegal(byteOffset(text, i))
    checkPadding(text, i, digits.length % 4)
    return { digits, end: i }
  }
  return { digits, end: -1 }
}

/** Checks what follows the first `=`: another one if the last group has two digits, then only line ends. */
function checkPadding(text: string, first: number, tail: number): void {
  let at = skipLineEnds(text, first + 1)
  if (tail === 2) {
    if (at === text.length) throw illegal(at)
    if (text[at] !== '=') throw illegal(at - 1)
    at = skipLineEnds(text, at + 1)
  }
  if (at < text.length) throw illegal(at)
}

function skipLineEnds(text: string, from: number): number {
  let at = from
  while (text[at] === '\n' || text[at] === '\r') at++
  return at
}

function byteOffset(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length
}

function illegal(offset: number): BuiltinError {
  return new BuiltinError(`illegal base64 data at input byte ${offset}`)
}
