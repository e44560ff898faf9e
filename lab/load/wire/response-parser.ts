/** Callbacks of a parser. */
export interface ResponseSink {
  /** The answer is complete; the parser's fields describe it until the next `expect`. */
  onResponse(): void
  /** The bytes are not an answer that HTTP/1.1 allows here; the connection cannot be used any more. */
  onMalformed(reason: string): void
}

/** What is expected of the next answer. */
export interface Expectation {
  /** Whether the request is HEAD, whose answer has no body, whatever its header fields say. */
  readonly isHead: boolean
  readonly keepHead: boolean
  readonly keepBody: boolean
}

const HEAD_BYTES_MAX = 65_536
const BODY_KEPT_MAX = 1_048_576
const CHUNK_LINE_MAX = 4096

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const EMPTY = new Uint8Array(0)

const IDLE = 0
const HEAD = 1
const LENGTH_BODY = 2
const CHUNK_SIZE = 3
const CHUNK_DATA = 4
const CHUNK_END = 5
const TRAILERS = 6
const CLOSE_BODY = 7
const BROKEN = 8

/** tchar of RFC 9110 §5.6.2. */
const IS_TOKEN = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)) ? 1 : 0,
)
/** What a field value may contain: no control characters but the tab. */
const IS_VALUE = Uint8Array.from({ length: 256 }, (_, code) =>
  code === 9 || (code >= 0x20 && code !== 0x7f) ? 1 : 0,
)

const CONTENT_LENGTH = Buffer.from('content-length')
const TRANSFER_ENCODING = Buffer.from('transfer-encoding')
const CONNECTION = Buffer.from('connection')

/** Compares without making a string, since this runs for every answer. `name` is in lowercase. */
function isName(chunk: Buffer, at: number, name: Buffer): boolean {
  for (let offset = 0; offset < name.length; offset += 1) {
    const code = chunk[at + offset]!
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code
    if (lower !== name[offset]) return false
  }
  return true
}

const DIGITS_MAX = 15

/** 1*DIGIT with spaces around; -1 for anything else. */
function wholeNumber(chunk: Buffer, from: number, to: number): number {
  let at = from
  let end = to
  while (at < end && (chunk[at] === 0x20 || chunk[at] === 9)) at += 1
  while (end > at && (chunk[end - 1] === 0x20 || chunk[end - 1] === 9)) end -= 1
  if (at === end || end - at > DIGITS_MAX) return -1
  let value = 0
  for (; at < end; at += 1) {
    const digit = chunk[at]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

const lowerCase = (chunk: Buffer, from: number, to: number): string =>
  chunk.toString('latin1', from, to).trim().toLowerCase()

/**
 * Parses HTTP/1.1 answers (RFC 9112) strictly: one at a time, with Content-Length, chunked, or up to
 * the end of the connection; 1xx are skipped. Anything ambiguous is malformed.
 */
export class ResponseParser {
  status = 0
  keepAlive = false
  bodyBytes = 0
  /** Status line and fields as text, if requested. */
  head = ''
  /** Body, if requested; cut off after 1 MiB. */
  body: Uint8Array = EMPTY
  readonly #sink: ResponseSink
  #state = IDLE
  #expected: Expectation = { isHead: false, keepHead: false, keepBody: false }
  #partial: Buffer | undefined
  #remaining = 0
  #kept: Uint8Array[] = []
  #keptBytes = 0
  #contentLength = -1
  #isChunked = false
  #connectionClose = false
  #connectionKeepAlive = false
  #isHttp10 = false

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** Prepares for the next answer. */
  expect(expected: Expectation): void {
    this.#expected = expected
    this.#state = HEAD
    this.#partial = undefined
    this.bodyBytes = 0
    this.head = ''
    this.body = EMPTY
    this.#kept = []
    this.#keptBytes = 0
  }

  /** Parses bytes from the connection; the parser keeps none of them after the call. */
  feed(bytes: Buffer): void {
    if (this.#state === BROKEN) return
    if (this.#state === IDLE) {
      this.#fail('bytes that nobody asked for')
      return
    }
    const chunk = this.#partial === undefined ? bytes : Buffer.concat([this.#partial, bytes])
    this.#partial = undefined
    let at = 0
    while (at >= 0 && at < chunk.length && this.#isReading()) at = this.#step(chunk, at)
    if (this.#state !== IDLE) return
    // At most one request is under way, so bytes after the answer mean that it misstates its end.
    if (at < chunk.length) this.#fail('bytes after the answer')
    else this.#sink.onResponse()
  }

  /** Call it when the other side has ended the connection. Returns whether that completed an answer. */
  end(): boolean {
    if (this.#state !== CLOSE_BODY) return false
    this.#complete()
    this.#sink.onResponse()
    return true
  }

  /** Whether any byte of the awaited answer has come. */
  get hasBegun(): boolean {
    return this.#state > HEAD || this.#partial !== undefined
  }

  #isReading(): boolean {
    return this.#state !== IDLE && this.#state !== BROKEN
  }

  /** Parses one element at `at` and returns where it ends; -1 if more bytes are needed. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case HEAD:
        return this.#readHead(chunk, at)
      case CHUNK_SIZE:
        return this.#readChunkSize(chunk, at)
      case CHUNK_END:
        return this.#readChunkEnd(chunk, at)
      case TRAILERS:
        return this.#readTrailer(chunk, at)
      default:
        return this.#readData(chunk, at)
    }
  }

  #readHead(chunk: Buffer, start: number): number {
    const status = this.#readStatusLine(chunk, start)
    if (status < 0) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
    this.#contentLength = -1
    this.#isChunked = false
    this.#connectionClose = false
    this.#connectionKeepAlive = false
    let at = start + 13
    while (at < chunk.length && chunk[at] !== LF) {
      if (chunk[at] === CR) break
      if (IS_VALUE[chunk[at]!] === 0) return this.#fail('a control character in the status line')
      at += 1
    }
    for (;;) {
      if (at + 1 >= chunk.length) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
      if (chunk[at] !== CR || chunk[at + 1] !== LF)
        return this.#fail('a line that does not end in CRLF')
      at += 2
      if (at >= chunk.length) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
      if (chunk[at] === CR) {
        if (at + 1 >= chunk.length) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
        if (chunk[at + 1] !== LF) return this.#fail('a line that does not end in CRLF')
        return this.#headComplete(chunk, start, at + 2)
      }
      const nameAt = at
      while (at < chunk.length && IS_TOKEN[chunk[at]!] === 1) at += 1
      if (at >= chunk.length) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
      if (at === nameAt || chunk[at] !== COLON) return this.#fail('a header without a proper name')
      const valueAt = at + 1
      at = valueAt
      while (at < chunk.length && IS_VALUE[chunk[at]!] === 1) at += 1
      if (at >= chunk.length) return this.#needMore(chunk, start, HEAD_BYTES_MAX)
      if (chunk[at] === CR && !this.#field(chunk, nameAt, valueAt, at)) return -1
    }
  }

  /** Parses `HTTP/1.x NNN `; returns -1 if it is incomplete or wrong. */
  #readStatusLine(chunk: Buffer, at: number): number {
    if (chunk.length - at < 14) return -1
    const isHttp =
      chunk[at] === 0x48 &&
      chunk[at + 1] === 0x54 &&
      chunk[at + 2] === 0x54 &&
      chunk[at + 3] === 0x50 &&
      chunk[at + 4] === 0x2f &&
      chunk[at + 5] === 0x31 &&
      chunk[at + 6] === 0x2e
    const minor = chunk[at + 7]! - 0x30
    const hundreds = chunk[at + 9]! - 0x30
    const tens = chunk[at + 10]! - 0x30
    const units = chunk[at + 11]! - 0x30
    const after = chunk[at + 12]
    const isStatus =
      hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && units >= 0 && units <= 9
    const isSpaced = chunk[at + 8] === 0x20 && (after === 0x20 || after === CR)
    if (!isHttp || (minor !== 0 && minor !== 1) || !isStatus || !isSpaced) {
      this.#fail('no status line of HTTP/1.1')
      return -1
    }
    this.#isHttp10 = minor === 0
    this.status = hundreds * 100 + tens * 10 + units
    return this.status
  }

  /** Reads the fields that say where an answer ends. Returns false if they are wrong. */
  #field(chunk: Buffer, nameAt: number, valueAt: number, end: number): boolean {
    const length = valueAt - 1 - nameAt
    if (length === 14 && isName(chunk, nameAt, CONTENT_LENGTH)) {
      const value = wholeNumber(chunk, valueAt, end)
      if (value < 0 || (this.#contentLength >= 0 && this.#contentLength !== value)) {
        this.#fail('a Content-Length that cannot be relied on')
        return false
      }
      this.#contentLength = value
    } else if (length === 17 && isName(chunk, nameAt, TRANSFER_ENCODING)) {
      if (this.#isChunked || lowerCase(chunk, valueAt, end) !== 'chunked') {
        this.#fail('a Transfer-Encoding other than chunked')
        return false
      }
      this.#isChunked = true
    } else if (length === 10 && isName(chunk, nameAt, CONNECTION)) {
      for (const option of lowerCase(chunk, valueAt, end).split(',')) {
        if (option.trim() === 'close') this.#connectionClose = true
        if (option.trim() === 'keep-alive') this.#connectionKeepAlive = true
      }
    }
    return true
  }

  #headComplete(chunk: Buffer, start: number, end: number): number {
    const { status } = this
    if (status < 200) {
      if (status === 101) return this.#fail('a switch of protocols that was not asked for')
      return end
    }
    if (this.#expected.keepHead) this.head = chunk.toString('latin1', start, end)
    this.keepAlive = this.#isHttp10 ? this.#connectionKeepAlive : !this.#connectionClose
    if (this.#isChunked && (this.#contentLength >= 0 || this.#isHttp10)) {
      return this.#fail('a length given in two ways')
    }
    if (this.#expected.isHead || status === 204 || status === 304) this.#complete()
    else if (this.#isChunked) this.#state = CHUNK_SIZE
    else if (this.#contentLength === 0) this.#complete()
    else if (this.#contentLength > 0) {
      this.#remaining = this.#contentLength
      this.#state = LENGTH_BODY
      if (chunk.length - end >= this.#remaining) return this.#readData(chunk, end)
    } else {
      this.keepAlive = false
      this.#state = CLOSE_BODY
    }
    return end
  }

  #readData(chunk: Buffer, at: number): number {
    const end =
      this.#state === CLOSE_BODY ? chunk.length : Math.min(chunk.length, at + this.#remaining)
    this.bodyBytes += end - at
    if (this.#expected.keepBody) this.#keep(chunk, at, end)
    if (this.#state === CLOSE_BODY) return end
    this.#remaining -= end - at
    if (this.#remaining === 0) {
      if (this.#state === CHUNK_DATA) this.#state = CHUNK_END
      else this.#complete()
    }
    return end
  }

  #readChunkSize(chunk: Buffer, at: number): number {
    const lf = chunk.indexOf(LF, at)
    if (lf < 0) return this.#needMore(chunk, at, CHUNK_LINE_MAX)
    const match = /^([0-9a-f]{1,8})[ \t]*(;[^\r\n]*)?\r$/i.exec(chunk.toString('latin1', at, lf))
    if (match === null || lf - at > CHUNK_LINE_MAX)
      return this.#fail('a chunk without a proper size')
    this.#remaining = Number.parseInt(match[1]!, 16)
    this.#state = this.#remaining === 0 ? TRAILERS : CHUNK_DATA
    return lf + 1
  }

  #readChunkEnd(chunk: Buffer, at: number): number {
    if (chunk.length - at < 2) return this.#needMore(chunk, at, 2)
    if (chunk[at] !== CR || chunk[at + 1] !== LF) return this.#fail('a chunk longer than it said')
    this.#state = CHUNK_SIZE
    return at + 2
  }

  #readTrailer(chunk: Buffer, at: number): number {
    const lf = chunk.indexOf(LF, at)
    if (lf < 0) return this.#needMore(chunk, at, HEAD_BYTES_MAX)
    if (lf === at || chunk[lf - 1] !== CR) return this.#fail('a line that does not end in CRLF')
    if (lf === at + 1) this.#complete()
    return lf + 1
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const room = BODY_KEPT_MAX - this.#keptBytes
    if (room <= 0) return
    const part = Uint8Array.prototype.slice.call(chunk, from, Math.min(to, from + room))
    this.#kept.push(part)
    this.#keptBytes += part.length
  }

  #complete(): void {
    if (this.#expected.keepBody) this.body = Buffer.concat(this.#kept)
    this.#state = IDLE
  }

  #needMore(chunk: Buffer, from: number, max: number): number {
    if (this.#state === BROKEN) return -1
    if (chunk.length - from > max)
      return this.#fail('more bytes than allowed before the end of a line')
    this.#partial = Buffer.from(chunk.subarray(from))
    return -1
  }

  #fail(reason: string): -1 {
    this.#state = BROKEN
    this.#sink.onMalformed(reason)
    return -1
  }
}

/** The value of the first field with this name in a stored head; `undefined` if there is none. */
export function headerOf(head: string, name: string): string | undefined {
  const wanted = `\r\n${name.toLowerCase()}:`
  const at = head.toLowerCase().indexOf(wanted)
  if (at < 0) return undefined
  const end = head.indexOf('\r\n', at + 2)
  return head.slice(at + wanted.length, end).trim()
}
