/** CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320), as in gzip (RFC 1952 §8). */

const SIZE = 256

/** The remainder of each byte; from 256, 512 and 768 on, that of the byte followed by one, two or three zero bytes. */
const TABLE = new Int32Array(4 * SIZE)
for (let byte = 0; byte < SIZE; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  TABLE[byte] = value
}
for (let at = SIZE; at < TABLE.length; at++) {
  const value = TABLE[at - SIZE]!
  TABLE[at] = TABLE[value & 0xff]! ^ (value >>> 8)
}

/** The state before any byte. */
export const CRC32_START = 0xffffffff

/** The state after one more byte. */
const crc32Step = (state: number, byte: number): number =>
  TABLE[(state ^ byte) & 0xff]! ^ (state >>> 8)

/** The checksum of a finished state, as an unsigned number. */
export const crc32Finish = (state: number): number => (state ^ CRC32_START) >>> 0

/** The state after the characters of ASCII text. */
export function crc32State(text: string, state = CRC32_START): number {
  let next = state
  for (let at = 0; at < text.length; at++) next = crc32Step(next, text.charCodeAt(at))
  return next
}

/**
 * The state after the bytes from `from` (inclusive) to `to` (exclusive), four at a time (slicing; Kounavis and Berry
 * 2005).
 */
export function crc32Bytes(state: number, bytes: Uint8Array, from: number, to: number): number {
  let next = state | 0
  let at = from
  for (; at + 4 <= to; at += 4) {
    next ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    next =
      TABLE[3 * SIZE + (next & 0xff)]! ^
      TABLE[2 * SIZE + ((next >>> 8) & 0xff)]! ^
      TABLE[SIZE + ((next >>> 16) & 0xff)]! ^
      TABLE[next >>> 24]!
  }
  for (; at < to; at++) next = crc32Step(next, bytes[at]!)
  return next
}
