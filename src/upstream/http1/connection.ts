import type { Socket } from 'node:net'
import type { BodyDecoder } from '../../core/http1/body-decoder.ts'
import { createBodyDecoder } from '../../core/http1/body-decoder.ts'
import type { ResponseHead } from './parse-head.ts'
import { parseHead } from './parse-head.ts'
import type { Carrier, Job, WireBody } from './types.ts'
import { WireError } from './types.ts'

const HEAD_BYTES_MAX = 65_536
const INTERIM_MAX = 8
const JOINED_BYTES_MAX = 16_384
const HEAD_END = Buffer.from('\r\n\r\n')

/** What a connection tells its pool. */
export interface ConnectionEvents {
  /** The exchange is complete and the connection may carry another. */
  onIdle(connection: Connection, keepAliveSeconds: number | undefined): void
  onClosed(connection: Connection): void
  /** The job failed before its response began to be handed over. */
  onFailed(connection: Connection, job: Job, error: WireError): void
}

type Sink =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array; filled: number }
  | { readonly kind: 'stream'; readonly controller: ReadableStreamDefaultController<Uint8Array> }

/** An HTTP/1.1 connection to a server: one request at a time, no pipelining. */
export class Connection implements Carrier {
  /** When it became idle, monotonic milliseconds, and how long it may stay so. */
  idleSinceMs = 0
  idleMaxMs = 0
  /** Whether it has carried a request before. */
  used = false
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  #job: Job | undefined
  #started = false
  #pending: Buffer | undefined
  #interim = 0
  #head: ResponseHead | undefined
  #decode: BodyDecoder | undefined
  #sink: Sink | undefined
  #upload: ReadableStreamDefaultReader<Uint8Array> | undefined
  #closed = false
  #aborted = false

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('end', () => this.#ended())
    socket.on('error', (error) => this.#lost(error.message))
    socket.on('close', () => this.#lost('connection closed'))
  }

  /** Whether any part of the response to the current request has come. */
  get started(): boolean {
    return this.#started
  }

  /** Whether nobody waits for the response any longer. */
  get aborted(): boolean {
    return this.#aborted
  }

  /** Sends a request; the connection must be idle. */
  send(job: Job): void {
    this.#job = job
    this.#started = false
    this.#interim = 0
    const { head, body } = job
    if (body.kind === 'none') this.#socket.write(`${head}\r\n`, 'latin1')
    else if (body.kind === 'bytes') this.#sendBytes(head, body.bytes)
    else void this.#sendStream(head, body)
  }

  /** Closes it at once; a request on it fails. */
  destroy(): void {
    this.#lost('aborted')
  }

  abort(job: Job): void {
    // The exchange may be complete, and the connection somebody else's.
    if (this.#job !== job) return
    this.#aborted = true
    this.#lost('aborted')
  }

  #sendBytes(head: string, bytes: Uint8Array): void {
    const text = `${head}content-length: ${bytes.length}\r\n\r\n`
    if (bytes.length <= JOINED_BYTES_MAX) {
      this.#socket.write(Buffer.concat([Buffer.from(text, 'latin1'), bytes]))
      return
    }
    this.#socket.write(text, 'latin1')
    this.#socket.write(bytes)
  }

  async #sendStream(head: string, body: Extract<WireBody, { kind: 'stream' }>): Promise<void> {
    const { length, stream } = body
    const framing =
      length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`
    const reader = stream.getReader()
    this.#upload = reader
    let sent = 0
    try {
      await this.#write(`${head}${framing}\r\n\r\n`)
      for (;;) {
        body.onWait()
        const { done, value } = await reader.read()
        body.onChunk()
        if (done || this.#closed) break
        if (value.length === 0) continue
        sent += value.length
        if (length === undefined) await this.#write(frame(value))
        else if (sent <= length) await this.#write(value)
        else break
      }
      if (length === undefined) await this.#write('0\r\n\r\n')
      else if (sent !== length) this.#lost('request body of another length than announced')
      if (this.#upload === reader) this.#upload = undefined
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : 'request body broken off')
    }
  }

  /** Writes and waits for the socket to want more. */
  #write(data: string | Uint8Array): Promise<void> | void {
    if (this.#closed) return
    const taken =
      typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
    if (taken) return
    return new Promise((resolve) => {
      const go = (): void => {
        this.#socket.off('drain', go)
        this.#socket.off('close', go)
        resolve()
      }
      this.#socket.on('drain', go)
      this.#socket.on('close', go)
    })
  }

  #receive(bytes: Buffer): void {
    if (this.#closed) return
    // A server that speaks without being asked cannot be trusted with the next answer.
    if (this.#job === undefined) return this.#lost('unasked data')
    this.#started = true
    if (this.#decode === undefined) this.#receiveHead(this.#job, bytes)
    else this.#receiveBody(this.#job, bytes)
  }

  #receiveHead(job: Job, bytes: Buffer): void {
    const all = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    const end = all.indexOf(HEAD_END)
    if ((end < 0 ? all.length : end) > HEAD_BYTES_MAX) return this.#broken('head too large')
    if (end < 0) {
      if (all.length >= 5 && all.toString('latin1', 0, 5) !== 'HTTP/')
        return this.#broken('not HTTP')
      this.#pending = all
      return
    }
    this.#pending = undefined
    const head = parseHead(all.toString('latin1', 0, end), job.method)
    if (typeof head === 'string') return this.#broken(head)
    const rest = all.subarray(end + HEAD_END.length)
    if (head.status >= 200) return this.#beginBody(job, head, rest)
    // Interim answers (RFC 9110 §15.2) are hints; an upgrade nobody asked for is an error.
    if (head.status === 101 || ++this.#interim > INTERIM_MAX) return this.#broken('unasked interim')
    if (rest.length > 0) this.#receiveHead(job, rest)
  }

  #beginBody(job: Job, head: ResponseHead, rest: Buffer): void {
    const { framing } = head
    this.#head = head
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) {
      return this.#finish(job, head, new Uint8Array(0), rest.length)
    }
    const isWhole = framing.kind === 'length' && framing.bytes <= job.wholeBytesMax
    if (isWhole && rest.length >= framing.bytes) {
      return this.#finish(job, head, rest.subarray(0, framing.bytes), rest.length - framing.bytes)
    }
    this.#decode = createBodyDecoder(framing)
    job.onHead()
    if (isWhole) this.#sink = { kind: 'whole', bytes: new Uint8Array(framing.bytes), filled: 0 }
    else this.#openStream(job, head)
    if (rest.length > 0) this.#receiveBody(job, rest)
  }

  #openStream(job: Job, head: ResponseHead): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = { kind: 'stream', controller }
        },
        pull: () => void this.#socket.resume(),
        cancel: () => this.#lost('cancelled'),
      },
      { highWaterMark: 1 },
    )
    job.onAnswer({ status: head.status, fields: head.fields, body })
  }

  #receiveBody(job: Job, bytes: Uint8Array): void {
    const decoded = this.#decode?.(bytes)
    const sink = this.#sink
    if (decoded === undefined || sink === undefined) return
    for (const part of decoded.parts) {
      if (sink.kind === 'whole') {
        sink.bytes.set(part, sink.filled)
        sink.filled += part.length
      } else sink.controller.enqueue(part)
    }
    if (decoded.error !== undefined) return this.#broken(decoded.error)
    if (decoded.done) {
      const whole = sink.kind === 'whole' ? sink.bytes : undefined
      if (this.#head !== undefined) this.#finish(job, this.#head, whole, decoded.excess)
    } else if (sink.kind === 'stream' && (sink.controller.desiredSize ?? 0) <= 0) {
      this.#socket.pause()
    }
  }

  /** The response is complete: `whole` is its body, absent when that was streamed. */
  #finish(job: Job, head: ResponseHead, whole: Uint8Array | undefined, excess: number): void {
    const sink = this.#sink
    this.#job = undefined
    this.#decode = undefined
    this.#sink = undefined
    this.#head = undefined
    if (sink?.kind === 'stream') sink.controller.close()
    const isReusable = head.reusable && excess === 0 && this.#upload === undefined && !this.#closed
    if (isReusable) {
      this.used = true
      this.#socket.resume()
      this.#events.onIdle(this, head.keepAliveSeconds)
    } else this.#lost('not kept')
    if (whole !== undefined) {
      const body = head.framing.kind === 'none' ? null : whole
      job.onAnswer({ status: head.status, fields: head.fields, body })
    }
  }

  /** The server has sent all it will: the end of a body that ends so, an error for any other. */
  #ended(): void {
    const job = this.#job
    const head = this.#head
    if (job !== undefined && head?.framing.kind === 'close') {
      this.#finish(job, head, undefined, 0)
    } else this.#lost('connection closed')
  }

  async #cancelUpload(error: WireError): Promise<void> {
    try {
      await this.#upload?.cancel(error)
    } catch {
      // The client's stream had failed already.
    }
  }

  #broken(cause: string): void {
    this.#fail(new WireError('protocol', cause))
  }

  #lost(cause: string): void {
    this.#fail(new WireError('reset', cause))
  }

  #fail(error: WireError): void {
    if (this.#closed) return
    this.#closed = true
    const job = this.#job
    const sink = this.#sink
    this.#job = undefined
    this.#sink = undefined
    this.#socket.destroy()
    void this.#cancelUpload(error)
    this.#events.onClosed(this)
    if (sink?.kind === 'stream') sink.controller.error(error)
    else if (job !== undefined) this.#events.onFailed(this, job, error)
  }
}

/** One chunk of the chunked coding. */
function frame(bytes: Uint8Array): Uint8Array {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1')
  return Buffer.concat([size, bytes, Buffer.from('\r\n', 'latin1')])
}
