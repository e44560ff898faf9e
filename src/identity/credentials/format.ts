import { toBase62 } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import { CRC32_START, crc32Bytes, crc32Finish, crc32State } from './crc32.ts'

/**
 * The form of every credential that Tollgate makes, here an API key:
 *
 * tg_live_0Uo3Xq8wZ1k_4pR7sT9v0Uo3Xq8wZ1kLmN4pR7sT9v0a1B2c └──┬───┘└────┬────┘ └─────────────┬──────────────┘└─┬──┘
 * prefix,   id, 64     secret, 176 random bits     CRC-32 of all before it, 6 digits sort      random bits
 *
 * All digits are base62, so that a double click selects the whole credential, and a secret scanner finds it with {@link
 * CredentialFormat.pattern}. Text of any other form is refused before anything is hashed.
 */

/** What a credential is for: the word after the prefix. */
export type CredentialSort = 'live' | 'test' | 'at' | 'rt' | 'ss'

/** `live` and `test` API keys, access tokens, refresh tokens and session secrets. */
export const CREDENTIAL_SORTS: readonly CredentialSort[] = ['live', 'test', 'at', 'rt', 'ss']

const ID_BYTES = 8
const ID_DIGITS = 11
const SECRET_BYTES = 22
const SECRET_DIGITS = 30
const CHECKSUM_DIGITS = 6
const BODY_LENGTH = ID_DIGITS + 1 + SECRET_DIGITS + CHECKSUM_DIGITS
const UNDERSCORE = 95

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** This bit is set in values that are not digits, and in codes of characters outside ASCII. */
const NO_DIGIT = 0x80
const NOT_ASCII = ~0x7f

/** The value of each base62 digit by its character code; 255 for every other character. */
const DIGIT_VALUE = new Uint8Array(256).fill(255)
for (let value = 0; value < DIGITS.length; value++) DIGIT_VALUE[DIGITS.charCodeAt(value)] = value

/** What the scanner knows in advance about one sort of credential. */
export interface CredentialHead {
  readonly sort: CredentialSort
  /** `tg_live_` */
  readonly text: string
  readonly length: number
  readonly crcState: number
  /**
   * Scratch space: a secret prefix (the pepper), then the bytes of the credential scanned last. Hashing it in place
   * saves a copy of the credential.
   */
  readonly scratch: Uint8Array
}

/** A newly made credential. */
export interface MadeCredential {
  /** The public id within the credential. */
  readonly publicId: string
  /** The whole credential: a secret. */
  readonly text: string
}

/** Makes and scans credentials of one prefix. */
export interface CredentialFormat {
  /** Makes a new credential or, with `publicId`, a new secret for that id. */
  make(sort: CredentialSort, random: Random, publicId?: string): MadeCredential
  /**
   * Checks prefix, length, alphabet and checksum; `undefined` for junk. The head's scratch space then ends with the
   * credential's bytes.
   *
   * @param from where the credential begins in the text; default: 0
   * @param to where it ends; default: the end of the text
   */
  scan(text: string, from?: number, to?: number): CredentialHead | undefined
  publicId(text: string, head: CredentialHead): string
  /** The part that is not secret: `tg_live_0Uo3Xq8wZ1k`. */
  start(sort: CredentialSort, publicId: string): string
  /** A regular expression that finds such credentials in text, for secret scanners. */
  pattern(sort: CredentialSort): RegExp
}

/** Creates a {@link CredentialFormat}. `scratchPrefix` precedes each scanned credential in the scratch space. */
export function createCredentialFormat(
  prefix: string,
  scratchPrefix: Uint8Array,
): CredentialFormat {
  const heads = CREDENTIAL_SORTS.map((sort) => createHead(prefix, sort, scratchPrefix))
  const headText = (sort: CredentialSort): string => `${prefix}_${sort}_`
  return {
    make(sort, random, publicId = toBase62(random.bytes(ID_BYTES), ID_DIGITS)) {
      const secret = toBase62(random.bytes(SECRET_BYTES), SECRET_DIGITS)
      const body = `${headText(sort)}${publicId}_${secret}`
      return { publicId, text: body + checksumDigits(body) }
    },
    scan(text, from = 0, to = text.length) {
      const length = to - from
      for (let at = 0; at < heads.length; at++) {
        const head = heads[at]!
        if (length === head.length && text.startsWith(head.text, from)) {
          return scanBody(text, from, head, scratchPrefix.length) ? head : undefined
        }
      }
      return undefined
    },
    publicId: (text, head) => text.slice(head.text.length, head.text.length + ID_DIGITS),
    start: (sort, publicId) => headText(sort) + publicId,
    pattern(sort) {
      const digits = `[0-9A-Za-z]`
      const secret = `${digits}{${SECRET_DIGITS + CHECKSUM_DIGITS}}`
      return new RegExp(`\\b${headText(sort)}${digits}{${ID_DIGITS}}_${secret}\\b`)
    },
  }
}

function createHead(
  prefix: string,
  sort: CredentialSort,
  scratchPrefix: Uint8Array,
): CredentialHead {
  const text = `${prefix}_${sort}_`
  const length = text.length + BODY_LENGTH
  const scratch = new Uint8Array(scratchPrefix.length + length)
  scratch.set(scratchPrefix)
  for (let at = 0; at < text.length; at++) scratch[scratchPrefix.length + at] = text.charCodeAt(at)
  return { sort, text, length, crcState: crc32State(text), scratch }
}

function checksumDigits(body: string): string {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, crc32Finish(crc32State(body, CRC32_START)))
  return toBase62(bytes, CHECKSUM_DIGITS)
}

function scanBody(text: string, from: number, head: CredentialHead, offset: number): boolean {
  const { scratch, length } = head
  const bodyAt = head.text.length
  const separator = bodyAt + ID_DIGITS
  const checked = length - CHECKSUM_DIGITS
  if (text.charCodeAt(from + separator) !== UNDERSCORE) return false
  let wrong = 0
  for (let at = bodyAt; at < length; at++) {
    const code = text.charCodeAt(from + at)
    scratch[offset + at] = code
    wrong |= (code & NOT_ASCII) | (at === separator ? 0 : DIGIT_VALUE[code & 0xff]! & NO_DIGIT)
  }
  if (wrong !== 0) return false
  let checksum = 0
  for (let at = checked; at < length; at++) {
    checksum = checksum * 62 + DIGIT_VALUE[scratch[offset + at]!]!
  }
  return (
    checksum === crc32Finish(crc32Bytes(head.crcState, scratch, offset + bodyAt, offset + checked))
  )
}
