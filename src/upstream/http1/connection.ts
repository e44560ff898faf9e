import type { BodyDecoder, Decoded } from '../../core/http1/body-decoder.ts'
import { createBodyDecoder } from '../../core/http1/body-decoder.ts'
import type { HeadMemory } from './head-memory.ts'
import { readHead } from './head-memory.ts'
import type { Link, LinkEvents, OpenLink } from './link.ts'
import type { ResponseHead } from './parse-head.ts'
import type { BodyEnd, Carrier, Job, ServerAddress } from './types.ts'
import { WireError } from './types.ts'
import { Upload } from './upload.ts'

const HEAD_BYTES_MAX = 65_536
const INTERIM_MAX = 8
const JOINED_BYTES_MAX = 16_384
const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = new Uint8Array(0)

/** What a connection tells its pool. */
export interface ConnectionEvents {
  /** The connection is established; until then its job waits. */
  onOpen(connection: Connection): void
  /** The exchange is complete and the connection may carry another. */
  onIdle(connection: Connection, keepAliveSeconds: number | undefined): void
  onClosed(connection: Connection): void
  /** The job failed before its response began to be handed over. */
  onFailed(connection: Connection, job: Job, error: WireError): void
}

/** An HTTP/1.1 connection to a server: one request at a time, no pipelining. */
export class Connection implements Carrier, LinkEvents {
  /** When it became idle, monotonic milliseconds, and how long it may stay so. */
  idleSinceMs = 0
  idleMaxMs = 0
  /** Whether it has carried a request before. */
  used = false
  /** Whether one of them was HEAD: a server that wrongly sends content after it may still be sending. */
  carriedHead = false
  /** Whether any part of the response to the current request has arrived. */
  started = false
  /** Whether the response is no longer wanted. */
  aborted = false
  private readonly link: Link
  private readonly events: ConnectionEvents
  private readonly memory: HeadMemory
  private job: Job | undefined
  private isOpen = false
  private isClosed = false
  private isPaused = false
  private interims = 0
  /** The part of an incomplete head that has arrived. */
  private pending: Buffer | undefined = undefined
  private head: ResponseHead | undefined = undefined
  /** Collects a body that is handed over complete, and how much of it has arrived. */
  private whole: Uint8Array | undefined = undefined
  private filled = 0
  /** Takes a body that is handed over as it arrives. */
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined = undefined
  private decode: BodyDecoder | undefined = undefined
  private upload: Upload | undefined = undefined

  /** Opens a connection for its first request. */
  constructor(
    openLink: OpenLink,
    address: ServerAddress,
    events: ConnectionEvents,
    memory: HeadMemory,
    job: Job,
  ) {
    this.events = events
    this.memory = memory
    this.job = job
    this.link = openLink(address, this)
  }

  /** Sends a request; the connection must be idle. */
  send(job: Job): void {
    this.job = job
    this.started = false
    this.interims = 0
    const { head, body, method } = job
    if (method === 'HEAD') this.carriedHead = true
    if (body.kind === 'none') this.link.write(`${head}\r\n`)
    else if (body.kind === 'bytes') this.sendBytes(head, body.bytes)
    else {
      this.upload = new Upload(this.link, (cause) => this.fail(new WireError('body', cause)))
      void this.upload.send(head, body)
    }
  }

  /** Closes it at once; a request on it fails. */
  destroy(cause = 'aborted'): void {
    this.lost(cause)
  }

  abort(job: Job): void {
    // The exchange may be complete, and the connection may carry another one.
    if (this.job !== job) return
    this.aborted = true
    this.lost('aborted')
  }

  onOpen(): void {
    if (this.isClosed || this.isOpen || this.job === undefined) return
    this.isOpen = true
    this.events.onOpen(this)
    this.send(this.job)
  }

  onData(bytes: Buffer): void {
    if (this.isClosed) return
    // A server that sends data without a request cannot be trusted with the next response.
    if (this.job === undefined) return this.lost('unasked data')
    this.started = true
    if (this.head === undefined) this.receiveHead(this.job, bytes)
    else this.receiveBody(this.job, this.head, bytes)
  }

  onDrain(): void {
    this.upload?.drained()
  }

  /**
   * The server has finished sending. This ends a body that is delimited by the end of the connection, and is an error
   * otherwise.
   */
  onEnd(): void {
    const { job, head } = this
    if (job !== undefined && head?.framing.kind === 'close') this.finish(job, head, undefined, 0)
    else this.lost('connection closed')
  }

  onClose(cause: string): void {
    this.lost(cause)
  }

  private sendBytes(head: string, bytes: Uint8Array): void {
    const text = `${head}content-length: ${bytes.length}\r\n\r\n`
    if (bytes.length <= JOINED_BYTES_MAX) {
      const message = Buffer.allocUnsafe(text.length + bytes.length)
      message.write(text, 0, 'latin1')
      message.set(bytes, text.length)
      this.link.write(message)
    } else {
      this.link.write(text)
      this.link.write(bytes)
    }
  }

  private receiveHead(job: Job, bytes: Buffer): void {
    const all = this.pending === undefined ? bytes : Buffer.concat([this.pending, bytes])
    const end = all.indexOf(HEAD_END)
    if ((end < 0 ? all.length : end) > HEAD_BYTES_MAX) return this.broken('head too large')
    if (end < 0) {
      if (all.length >= 5 && all.toString('latin1', 0, 5) !== 'HTTP/')
        return this.broken('not HTTP')
      this.pending = all
      return
    }
    this.pending = undefined
    const head = readHead(all.toString('latin1', 0, end + 2), job.method, this.memory)
    if (typeof head === 'string') return this.broken(head)
    const from = end + HEAD_END.length
    if (head.status >= 200) return this.beginBody(job, head, all, from)
    // Interim responses (RFC 9110 §15.2) are hints; an upgrade that was not requested is an error.
    if (head.status === 101 || ++this.interims > INTERIM_MAX) return this.broken('unasked interim')
    // This includes 100: the gate did not ask for it, so it must pass it on.
    job.onInterim(head)
    if (from < all.length) this.receiveHead(job, all.subarray(from))
  }

  private beginBody(job: Job, head: ResponseHead, bytes: Buffer, from: number): void {
    const { framing } = head
    const rest = bytes.length - from
    if (framing.kind === 'none') return this.finish(job, head, EMPTY, rest)
    const isWhole = framing.kind === 'length' && framing.bytes <= job.wholeBytesMax
    if (isWhole && rest >= framing.bytes) {
      const end = from + framing.bytes
      return this.finish(job, head, partOf(bytes, from, end), bytes.length - end)
    }
    if (isWhole) {
      this.head = head
      this.whole = Buffer.allocUnsafeSlow(framing.bytes)
      this.filled = 0
      job.onWait()
      if (rest > 0) this.receiveBody(job, head, bytes.subarray(from))
    } else this.beginStream(job, head, bytes.subarray(from))
  }

  private beginStream(job: Job, head: ResponseHead, rest: Buffer): void {
    const decode = createBodyDecoder(head.framing)
    const decoded = decode(rest)
    if (decoded.error !== undefined) return this.broken(decoded.error)
    // Most chunked bodies are small and already complete, so they need no stream.
    if (decoded.done && rest.length <= job.wholeBytesMax) {
      return this.finish(job, head, Buffer.concat(decoded.parts), decoded.excess)
    }
    this.head = head
    this.decode = decode
    job.onAnswer(head, this.openStream(job))
    this.pass(job, head, decoded)
  }

  private openStream(job: Job): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.stream = controller
        },
        pull: () => {
          this.go()
          // The connection may already carry the next request.
          if (this.job === job) job.onWait()
        },
        cancel: () => {
          if (this.job === job) this.fail(new WireError('reset', 'cancelled'), 'cancelled')
        },
      },
      { highWaterMark: 1 },
    )
  }

  private go(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.link.resume()
  }

  private receiveBody(job: Job, head: ResponseHead, bytes: Buffer): void {
    const { whole } = this
    if (whole === undefined) {
      if (this.decode !== undefined) this.pass(job, head, this.decode(bytes))
      return
    }
    const missing = whole.length - this.filled
    whole.set(bytes.length > missing ? bytes.subarray(0, missing) : bytes, this.filled)
    this.filled += bytes.length
    if (bytes.length >= missing) this.finish(job, head, whole, bytes.length - missing)
  }

  /** Passes on what was decoded from the bytes that arrived last. */
  private pass(job: Job, head: ResponseHead, { parts, error, done, excess }: Decoded): void {
    const { stream } = this
    // The receiver may have cancelled the body at once.
    if (stream === undefined) return
    for (const part of parts) if (part.length > 0) stream.enqueue(part)
    if (error !== undefined) return this.broken(error)
    if (done) return this.finish(job, head, undefined, excess)
    if ((stream.desiredSize ?? 0) > 0) return
    this.isPaused = true
    this.link.pause()
    job.onRest()
  }

  /** The response is complete. `whole` is its body, absent if it was streamed. */
  private finish(
    job: Job,
    head: ResponseHead,
    whole: Uint8Array | undefined,
    excess: number,
  ): void {
    const { stream } = this
    this.job = undefined
    this.head = undefined
    this.whole = undefined
    this.decode = undefined
    this.stream = undefined
    const isUploading = this.upload?.isUnderWay === true
    if (head.reusable && excess === 0 && !isUploading && !this.isClosed) {
      this.used = true
      this.upload = undefined
      this.go()
      this.events.onIdle(this, head.keepAliveSeconds)
    } else this.lost('not kept')
    if (whole !== undefined) return job.onAnswer(head, head.framing.kind === 'none' ? null : whole)
    stream?.close()
    job.onBodyEnd('complete')
  }

  private broken(cause: string): void {
    this.fail(new WireError('protocol', cause))
  }

  private lost(cause: string): void {
    this.fail(new WireError(this.isOpen ? 'reset' : 'connect', cause))
  }

  private fail(error: WireError, end: BodyEnd = 'broken'): void {
    if (this.isClosed) return
    this.isClosed = true
    const { job, stream } = this
    this.job = undefined
    this.stream = undefined
    this.whole = undefined
    this.link.destroy()
    this.upload?.cancel(error)
    this.events.onClosed(this)
    if (job === undefined) return
    if (stream === undefined) return this.events.onFailed(this, job, error)
    if (end === 'broken') stream.error(error)
    job.onBodyEnd(end, error)
  }
}

/** Up to this size a copy costs less than a view: the runtime stores small arrays without a separate buffer. */
const COPIED_BYTES_MAX = 1000

/** A part of `bytes`, which must not change afterward. */
function partOf(bytes: Buffer, from: number, end: number): Uint8Array {
  if (end - from > COPIED_BYTES_MAX) return bytes.subarray(from, end)
  const copy = new Uint8Array(end - from)
  bytes.copy(copy, 0, from, end)
  return copy
}
