import { hash } from 'node:crypto'
import type { AuditRecord } from './record.ts'
import { fromUtf8, toHex } from '../core/bytes.ts'

/** SHA-256 of bytes: 32 bytes. */
export type Digest = (data: Uint8Array) => Uint8Array

/** {@link Digest} of node:crypto. */
export const nodeDigest: Digest = (data) => hash('sha256', data, 'buffer')

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32
/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(2 * HASH_BYTES)

const MEMBER = Buffer.from(',"hash":"')
const HASH_CHARS = 2 * HASH_BYTES
/** Length of `,"hash":"…"}`: what follows the record's other members. */
const TAIL_BYTES = MEMBER.length + HASH_CHARS + 2
const HEX = Buffer.from('0123456789abcdef')
const BRACE = 0x7d
const QUOTE = 0x22

/**
 * Turns records into chained lines within a buffer. The hash of a record is SHA-256 over the 32 bytes
 * of the previous hash and the record's JSON without its `hash` member; the line is that JSON with
 * `,"hash":"<hex>"` before the closing brace.
 */
export class ChainWriter {
  readonly #digest: Digest
  readonly #buffer: Buffer
  #used = 0
  /** The buffer that lines are made in. */
  readonly bytes: Uint8Array
  /** Hash of the newest record made. */
  readonly hash = new Uint8Array(HASH_BYTES)

  constructor(digest: Digest, bufferBytes: number) {
    this.#digest = digest
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes)
    this.bytes = new Uint8Array(this.#buffer.buffer)
  }

  /** Frees the buffer for new lines; those made before must not be used any more. */
  reset(): void {
    this.#used = 0
  }

  /** Whether a record of so many bytes fits. A character takes at most three. */
  fits(bytes: number): boolean {
    return this.#used + HASH_BYTES + bytes + TAIL_BYTES <= this.bytes.length
  }

  /** Where the bytes of the next record go: write into {@link ChainWriter.bytes} from here. */
  get start(): number {
    return this.#used + HASH_BYTES
  }

  /** The line of a record, without line feed. `json` must be an object with members. */
  line(json: string): Uint8Array {
    return this.seal(this.start + this.#buffer.write(json, this.start, 'utf8'))
  }

  /** The line of the record whose bytes lie from {@link ChainWriter.start} to `end`. */
  seal(end: number): Uint8Array {
    const { bytes, hash } = this
    const before = this.#used
    for (let at = 0; at < HASH_BYTES; at++) bytes[before + at] = hash[at]!
    const digest = this.#digest(bytes.subarray(before, end))
    const hexStart = end - 1 + MEMBER.length
    for (let at = 0; at < MEMBER.length; at++) bytes[end - 1 + at] = MEMBER[at]!
    for (let at = 0; at < HASH_BYTES; at++) {
      const byte = digest[at]!
      hash[at] = byte
      bytes[hexStart + 2 * at] = HEX[byte >> 4]!
      bytes[hexStart + 2 * at + 1] = HEX[byte & 15]!
    }
    bytes[hexStart + HASH_CHARS] = QUOTE
    bytes[hexStart + HASH_CHARS + 1] = BRACE
    this.#used = end - 1 + TAIL_BYTES
    return bytes.subarray(before + HASH_BYTES, this.#used)
  }
}

/** A line taken apart: where it stands in the chain, without parsing the rest. */
export interface Link {
  readonly seq: number
  /** The hash it states. */
  readonly hash: string
}

const SEQ_START = Buffer.from('{"seq":')
const DIGIT_0 = 0x30

/** Reads `seq` and `hash` of a line; `undefined` when it does not have the shape of a record. */
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

/** Computes the hash a line must have after a record with hash `previous`. */
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

/** Parses a line; `undefined` when it is no record. */
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
