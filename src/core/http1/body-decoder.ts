/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

/** What a decoder found in the bytes given to it. */
export interface Decoded {
  /** Parts of the body, in order; views of the bytes given. */
  readonly parts: readonly Uint8Array[]
  readonly done: boolean
  /** Bytes that came after the end of the body. */
  readonly excess: number
  readonly error?: string
}

/** Takes the bytes after the head as they come, and says which of them are body. */
export type BodyDecoder = (bytes: Uint8Array) => Decoded

/** Creates the decoder of a framing. */
export function createBodyDecoder(framing: Framing): BodyDecoder {
  switch (framing.kind) {
    case 'length':
      return decodeLength(framing.bytes)
    case 'chunked':
      return decodeChunked()
    case 'close':
      return (bytes) => ({ parts: [bytes], done: false, excess: 0 })
    case 'none':
      return (bytes) => ({ parts: [], done: true, excess: bytes.length })
    default:
      return framing satisfies never
  }
}

function decodeLength(total: number): BodyDecoder {
  let left = total
  return (bytes) => {
    const part = bytes.length <= left ? bytes : bytes.subarray(0, left)
    left -= part.length
    return {
      parts: part.length > 0 ? [part] : [],
      done: left === 0,
      excess: bytes.length - part.length,
    }
  }
}

const SIZE_LINE_MAX = 1024
const TRAILERS_MAX = 16_384
const CR = 0x0d
const LF = 0x0a

type Stage = 'size' | 'data' | 'data-end' | 'trailers'

/** Chunked transfer coding (RFC 9112 §7.1). Extensions and trailers are read past. */
function decodeChunked(): BodyDecoder {
  let stage: Stage = 'size'
  let line = ''
  let left = 0
  let trailerBytes = 0

  /** Reads one line that ends in CRLF; `undefined` while it is not complete. */
  const readLine = (bytes: Uint8Array, at: number): { text?: string; next: number } => {
    let next = at
    while (next < bytes.length) {
      const byte = bytes[next++] ?? 0
      line += String.fromCharCode(byte)
      if (byte === LF) {
        const text = line
        line = ''
        return { text, next }
      }
      if (line.length > SIZE_LINE_MAX) return { text: line, next }
    }
    return { next }
  }
  return (bytes) => {
    const parts: Uint8Array[] = []
    const fail = (error: string): Decoded => ({ parts, done: false, excess: 0, error })
    let at = 0
    while (at < bytes.length) {
      if (stage === 'data') {
        const part = bytes.subarray(at, at + left)
        parts.push(part)
        at += part.length
        left -= part.length
        if (left === 0) stage = 'data-end'
        continue
      }
      const { text, next } = readLine(bytes, at)
      at = next
      if (text === undefined) break
      if (text.length < 2 || text.charCodeAt(text.length - 2) !== CR || !text.endsWith('\n')) {
        return fail('bad line in a chunked body')
      }
      if (stage === 'data-end') {
        if (text !== '\r\n') return fail('chunk longer than its size')
        stage = 'size'
      } else if (stage === 'size') {
        const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n$/.exec(text)?.[1]
        if (size === undefined) return fail('bad chunk size')
        left = Number.parseInt(size, 16)
        stage = left === 0 ? 'trailers' : 'data'
      } else {
        if (text === '\r\n') return { parts, done: true, excess: bytes.length - at }
        trailerBytes += text.length
        if (trailerBytes > TRAILERS_MAX) return fail('trailers too large')
      }
    }
    return { parts, done: false, excess: 0 }
  }
}
