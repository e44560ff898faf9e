import { hash } from 'node:crypto'
import type { AuditRecord } from './record.ts'
import { fromUtf8, toHex } from '../core/bytes.ts'

/** SHA-256 of bytes: 32 bytes, in `out` if given, otherwise in a new array. */
export type Digest = (data: Uint8Array, out?: Uint8Array) => Uint8Array

/** {@link Digest} of node:crypto. */
export const nodeDigest: Digest = (data, out) => {
  const digest = hash('sha256', data, 'buffer')
  out?.set(digest)
  return out ?? digest
}

/** Size of a SHA-256 in bytes. */
const HASH_BYTES = 32
/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(2 * HASH_BYTES)

const MEMBER = Buffer.from(',"hash":"')
const HASH_CHARS = 2 * HASH_BYTES
/** Length of `,"hash":"…"}`: what follows the record's other members. */
const TAIL_BYTES = MEMBER.length + HASH_CHARS + 2
const HEX = Buffer.from('0123456789abcdef')
const BRACE = 0x7d
const QUOTE = 0x22
const LINE_FEED = 0x0a
/** Records up to this length in bytes are hashed and copied through reused views. */
const VIEWS_MAX = 2048

/**
 * Turns records into chained lines. The hash of a record is SHA-256 over the 32 bytes of the previous hash and the
 * record's JSON without its `hash` member; the line is that JSON with `,"hash":"<hex>"` before the closing brace, and a
 * line feed.
 *
 * A record is built on a workbench that begins with the previous hash, so that the hashed bytes are contiguous and
 * always in the same few cache lines; the caller copies the line from there.
 */
export class ChainWriter {
  readonly #digest: Digest
  readonly #bench: Buffer
  /** Views of the workbench by length: of the hashed bytes, and of the line. */
  readonly #hashed: Uint8Array[] = []
  readonly #lined: Uint8Array[] = []
  readonly #digested = new Uint8Array(HASH_BYTES)
  /** The workbench: write the JSON of a record into it from {@link ChainWriter.start}. */
  readonly bytes: Uint8Array
  /** Where the JSON of a record begins. */
  readonly start = HASH_BYTES
  /** Hash of the record made last. */
  readonly hash: Uint8Array

  /** @param recordBytesMax - Longest JSON of a record. */
  constructor(digest: Digest, recordBytesMax: number) {
    this.#digest = digest
    this.#bench = Buffer.allocUnsafeSlow(HASH_BYTES + recordBytesMax + TAIL_BYTES)
    this.bytes = new Uint8Array(this.#bench.buffer)
    this.hash = this.bytes.subarray(0, HASH_BYTES)
    this.hash.fill(0)
  }

  /** Writes text to the workbench; returns the end. It must fit. */
  put(text: string, at: number): number {
    return at + this.#bench.write(text, at, 'utf8')
  }

  /** The line of a record, as {@link ChainWriter.seal} returns it. `json` must have members. */
  line(json: string): Uint8Array {
    return this.seal(this.put(json, this.start))
  }

  /**
   * The line of the record on the workbench up to `end`, with its line feed: a view of the workbench, valid until the
   * next record.
   */
  seal(end: number): Uint8Array {
    const { bytes } = this
    const digested = this.#digested
    this.#digest(viewOf(this.#hashed, bytes, 0, end), digested)
    const hexStart = end - 1 + MEMBER.length
    for (let at = 0; at < MEMBER.length; at++) bytes[end - 1 + at] = MEMBER[at]!
    for (let at = 0; at < HASH_BYTES; at++) {
      const byte = digested[at]!
      bytes[at] = byte
      bytes[hexStart + 2 * at] = HEX[byte >> 4]!
      bytes[hexStart + 2 * at + 1] = HEX[byte & 15]!
    }
    const lineEnd = hexStart + HASH_CHARS
    bytes[lineEnd] = QUOTE
    bytes[lineEnd + 1] = BRACE
    bytes[lineEnd + 2] = LINE_FEED
    return viewOf(this.#lined, bytes, HASH_BYTES, lineEnd + 3 - HASH_BYTES)
  }
}

/** A view of `length` bytes from `start`; short ones are kept in `views`. */
function viewOf(views: Uint8Array[], bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (length >= VIEWS_MAX) return bytes.subarray(start, start + length)
  return (views[length] ??= bytes.subarray(start, start + length))
}

/** The hash in the line that ends, with its line feed, at `end`. */
export const lastHash = (lines: Buffer, end: number): string =>
  lines.toString('latin1', end - 3 - HASH_CHARS, end - 3)

/** The place of a line in the chain, read without parsing the rest. */
export interface Link {
  readonly seq: number
  /** The hash it states. */
  readonly hash: string
}

const SEQ_START = Buffer.from('{"seq":')
const DIGIT_0 = 0x30

/** Reads `seq` and `hash` of a line; `undefined` if it does not have the shape of a record. */
export function readLink(line: Uint8Array): Link | undefined {
  const bytes = asBuffer(line)
  const hashStart = bytes.length - HASH_CHARS - 2
  const memberStart = hashStart - MEMBER.length
  if (memberStart < SEQ_START.length) return undefined
  if (bytes[bytes.length - 1] !== BRACE || bytes[bytes.length - 2] !== QUOTE) return undefined
  if (bytes.compare(MEMBER, 0, MEMBER.length, memberStart, hashStart) !== 0) return undefined
  if (bytes.compare(SEQ_START, 0, SEQ_START.length, 0, SEQ_START.length) !== 0) return undefined
  let seq = 0
  let at = SEQ_START.length
  for (; at < memberStart; at++) {
    const digit = bytes[at]! - DIGIT_0
    if (digit < 0 || digit > 9) break
    seq = seq * 10 + digit
  }
  const hash = bytes.toString('latin1', hashStart, hashStart + HASH_CHARS)
  if (!Number.isSafeInteger(seq) || at === SEQ_START.length || !isHash(hash)) return undefined
  return { seq, hash }
}

/** Whether `text` is a SHA-256 in lowercase hexadecimal. */
export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** Computes the hash that a line must have after a record with the hash `previous`. */
export function createLinkHasher(digest: Digest): (previous: string, line: Uint8Array) => string {
  let scratch = Buffer.alloc(1 << 16)
  return (previous, line) => {
    const bodyBytes = line.length - TAIL_BYTES + 1
    const length = HASH_BYTES + bodyBytes
    if (scratch.length < length) scratch = Buffer.alloc(2 * length)
    scratch.write(previous, 0, 'hex')
    scratch.set(line.subarray(0, bodyBytes - 1), HASH_BYTES)
    scratch[length - 1] = BRACE
    return toHex(digest(scratch.subarray(0, length)))
  }
}

/** Parses a line; `undefined` if it is not a record. */
export function parseRecord(line: Uint8Array): AuditRecord | undefined {
  const text = fromUtf8(line)
  if (text === undefined || readLink(line) === undefined) return undefined
  try {
    return JSON.parse(text) as AuditRecord
  } catch {
    return undefined
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
