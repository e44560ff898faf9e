/** CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320), as in gzip (RFC 1952 §8). */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The state before any byte. */
export const CRC32_START = 0xffffffff

/** The state after one more byte. */
export const crc32Step = (state: number, byte: number): number =>
  TABLE[(state ^ byte) & 0xff]! ^ (state >>> 8)

/** The checksum of a finished state, as an unsigned number. */
export const crc32Finish = (state: number): number => (state ^ CRC32_START) >>> 0

/** The state after the characters of ASCII text. */
export function crc32State(text: string, state = CRC32_START): number {
  let next = state
  for (let at = 0; at < text.length; at++) next = crc32Step(next, text.charCodeAt(at))
  return next
}
