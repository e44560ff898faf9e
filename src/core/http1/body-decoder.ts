/** How the end of a message body is determined (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

/** What a decoder found in the bytes it was given. */
export interface Decoded {
  /** Parts of the body, in order; views into the given bytes, not copies. */
  readonly parts: readonly Uint8Array[]
  readonly done: boolean
  /** How many bytes came after the end of the body. */
  readonly excess: number
  readonly error?: string
}

/** Takes the bytes after the head as they arrive, and tells which of them belong to the body. */
export type BodyDecoder = (bytes: Uint8Array) => Decoded

/**
 * How strictly chunked bodies must follow the grammar. `strict` is for requests, which a proxy in front may have
 * read differently (request smuggling). `lenient` tolerates what old servers send: blanks after a size, trailers
 * of any form.
 */
export type ChunkRules = 'strict' | 'lenient'

/** Creates the decoder of a framing. */
export function createBodyDecoder(framing: Framing, rules: ChunkRules = 'lenient'): BodyDecoder {
  switch (framing.kind) {
    case 'length':
      return decodeLength(framing.bytes)
    case 'chunked':
      return decodeChunked(GRAMMARS[rules])
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

const LINE_BYTES_MAX = 1024
const TRAILERS_MAX = 16_384
const LF = 0x0a

type Stage = 'size' | 'data' | 'data-end' | 'trailers'

/** The permitted form of each line, with its CRLF. */
interface Grammar {
  readonly size: RegExp
  readonly trailer: RegExp
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = String.raw`"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"`
/** RFC 9112 §7.1.1. A quote that nothing closes would be closed further down by somebody else. */
const EXTENSIONS = String.raw`(?:[ \t]*;[ \t]*${TOKEN}(?:[ \t]*=[ \t]*(?:${TOKEN}|${QUOTED}))?)*`

const GRAMMARS: Readonly<Record<ChunkRules, Grammar>> = {
  lenient: { size: /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n$/, trailer: /\r\n$/ },
  strict: {
    size: new RegExp(String.raw`^([0-9a-fA-F]{1,12})${EXTENSIONS}\r\n$`),
    trailer: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/,
  },
}

/** Chunked transfer coding (RFC 9112 §7.1). Chunk extensions and trailers are skipped. */
function decodeChunked(grammar: Grammar): BodyDecoder {
  let stage: Stage = 'size'
  let line = ''
  let left = 0
  let trailerBytes = 0

  /** Reads one line with its line feed, or the start of one that is too long; no text while it is incomplete. */
  const readLine = (bytes: Uint8Array, at: number): { text?: string; next: number } => {
    const end = bytes.indexOf(LF, at)
    const next = Math.min(end < 0 ? bytes.length : end + 1, at + LINE_BYTES_MAX)
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset + at, next - at)
    line += piece.toString('latin1')
    if (end < 0 && line.length < LINE_BYTES_MAX) return { next }
    const text = line
    line = ''
    return { text, next }
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
      if (!text.endsWith('\r\n')) {
        return fail('bad line in a chunked body')
      }
      if (stage === 'data-end') {
        if (text !== '\r\n') return fail('chunk longer than its size')
        stage = 'size'
      } else if (stage === 'size') {
        const size = grammar.size.exec(text)?.[1]
        if (size === undefined) return fail('bad chunk size')
        left = Number.parseInt(size, 16)
        stage = left === 0 ? 'trailers' : 'data'
      } else {
        if (text === '\r\n') return { parts, done: true, excess: bytes.length - at }
        if (!grammar.trailer.test(text)) return fail('bad trailer')
        trailerBytes += text.length
        if (trailerBytes > TRAILERS_MAX) return fail('trailers too large')
      }
    }
    return { parts, done: false, excess: 0 }
  }
}
