const DIGIT_0 = 0x30
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const TEXT_CHARS_MAX = 1024
const LOOP_BYTES_MAX = 16

/** Copies `source` to `at`; returns the end. */
export function putBytes(bytes: Uint8Array, source: Uint8Array, at: number): number {
  const { length } = source
  if (length > LOOP_BYTES_MAX) bytes.set(source, at)
  else for (let from = 0; from < length; from++) bytes[at + from] = source[from]!
  return at + length
}

/** Writes a nonnegative integer in decimal digits; returns the end. */
export function putNumber(bytes: Uint8Array, value: number, at: number): number {
  if (value < 10_000_000) return putSmall(bytes, value | 0, at)
  let digits = 1
  for (let bound = 10; value >= bound; bound *= 10) digits += 1
  let rest = value
  for (let place = at + digits - 1; place >= at; place--) {
    const quotient = Math.floor(rest / 10)
    bytes[place] = DIGIT_0 + (rest - quotient * 10)
    rest = quotient
  }
  return at + digits
}

/** {@link putNumber} in 32-bit arithmetic. */
function putSmall(bytes: Uint8Array, value: number, at: number): number {
  let digits = 1
  for (let bound = 10; value >= bound; bound = Math.imul(bound, 10)) digits += 1
  let rest = value
  for (let place = at + digits - 1; place >= at; place--) {
    const quotient = (rest / 10) | 0
    bytes[place] = DIGIT_0 + rest - Math.imul(quotient, 10)
    rest = quotient
  }
  return at + digits
}

/** Writes plain text and computes its index hash in the same pass. */
export class TextWriter {
  /** Hash of the text written last, the same as that of `hashText`. */
  hash = 0

  /**
   * Writes `text` without quotes; returns the end, or -1 if it is too long or contains a character that JSON escapes or
   * that is not ASCII.
   */
  put(bytes: Uint8Array, text: string, at: number): number {
    if (text.length === 0) {
      this.hash = 0
      return at
    }
    return this.#put(bytes, text, at, FNV_OFFSET)
  }

  /** Continues the text written last. */
  putMore(bytes: Uint8Array, text: string, at: number): number {
    return text.length === 0 ? at : this.#put(bytes, text, at, this.hash)
  }

  #put(bytes: Uint8Array, text: string, at: number, start: number): number {
    const { length } = text
    if (length > TEXT_CHARS_MAX) return -1
    let hash = start
    let outside = 0
    for (let from = 0; from < length; from++) {
      const code = text.charCodeAt(from)
      outside |= (code - 0x20) | (0x7e - code)
      if (code === 0x22 || code === 0x5c) outside = -1
      hash = Math.imul(hash ^ code, FNV_PRIME)
      bytes[at + from] = code
    }
    this.hash = hash >>> 0
    return outside < 0 ? -1 : at + length
  }
}
