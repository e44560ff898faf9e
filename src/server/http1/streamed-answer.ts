import type { Outbox } from './outbox.ts'

/** How a streamed answer is sent. */
export interface StreamOptions {
  /** The head, without the framing fields. */
  readonly text: string
  /** Bytes in the body, if known. */
  readonly length: number | undefined
  /**
   * Whether the version is HTTP/1.1, which has chunked coding; in HTTP/1.0 a body of unknown length ends with the
   * connection.
   */
  readonly isCurrent: boolean
  /** The socket accepts no more for now. */
  readonly onWaiting: () => void
  /**
   * Everything is written, or the answer cannot be completed; then the connection must be cut, so that the client
   * notices.
   */
  readonly onEnd: (isWhole: boolean) => void
}

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/** Writes an answer as its body arrives, no faster than the client takes it. */
export class StreamedAnswer {
  /** Whether it waits for the socket. */
  isWaiting = false
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly outbox: Outbox
  private readonly options: StreamOptions
  private wake: (() => void) | undefined = undefined
  private isAbandoned = false
  private sentBytes = 0

  constructor(body: ReadableStream<Uint8Array>, outbox: Outbox, options: StreamOptions) {
    this.reader = body.getReader()
    this.outbox = outbox
    this.options = options
  }

  start(): void {
    this.run().then(
      (isWhole) => this.end(isWhole),
      () => this.end(false),
    )
  }

  /** The socket accepts bytes again. */
  drained(): void {
    this.isWaiting = false
    this.wake?.()
  }

  /** The client is gone. */
  abandon(): void {
    this.isAbandoned = true
    this.reader.cancel().catch(() => undefined)
    this.wake?.()
  }

  private end(isWhole: boolean): void {
    if (this.isAbandoned) return
    if (!isWhole) this.reader.cancel().catch(() => undefined)
    this.options.onEnd(isWhole)
  }

  /** Resolves with whether everything was sent as announced. */
  private async run(): Promise<boolean> {
    const { options } = this
    const reading = this.read()
    const first = await soon(reading)
    if (this.isAbandoned) return false
    // The body has not begun; the head must not wait for it.
    if (first === undefined) return this.sendFrom(reading, undefined)
    if (options.length !== undefined) return this.sendFrom(Promise.resolve(first), undefined)
    if (first.done) return this.sendWhole(NOTHING)
    // Most answers are a single chunk, so their length is known after all.
    const next = this.read()
    const second = await soon(next)
    if (this.isAbandoned) return false
    return second?.done === true ? this.sendWhole(first.value) : this.sendFrom(next, first.value)
  }

  private sendWhole(body: Uint8Array): boolean {
    this.outbox.latin1(`${this.options.text}content-length: ${body.length}\r\n\r\n`)
    this.outbox.bytes(body)
    this.outbox.flush()
    return true
  }

  /** Sends the head, the part that is already here, and then the rest as it arrives. */
  private async sendFrom(next: Promise<Chunk>, first: Uint8Array | undefined): Promise<boolean> {
    const { outbox, options } = this
    outbox.latin1(`${options.text}${this.framing()}\r\n`)
    if (first !== undefined) this.put(first)
    outbox.flush()
    for (let reading = next; ; reading = this.read()) {
      if (!outbox.isEmpty) await this.drain()
      const { done, value } = await reading
      if (this.isAbandoned) return false
      if (done) break
      if (!this.put(value)) return false
      outbox.flush()
    }
    if (options.length !== undefined) return this.sentBytes === options.length
    if (options.isCurrent) outbox.latin1('0\r\n\r\n')
    outbox.flush()
    return true
  }

  /** Reads the next chunk. The body may fail while the socket is awaited, before anything handles that rejection. */
  private read(): Promise<Chunk> {
    const reading = this.reader.read()
    reading.catch(() => undefined)
    return reading
  }

  private framing(): string {
    const { length, isCurrent } = this.options
    if (length !== undefined) return `content-length: ${length}\r\n`
    return isCurrent ? 'transfer-encoding: chunked\r\n' : ''
  }

  /** Puts a part of the body into the outbox; `false` when it is longer than announced. */
  private put(part: Uint8Array): boolean {
    const { outbox, options } = this
    this.sentBytes += part.length
    if (options.length !== undefined && this.sentBytes > options.length) return false
    // An empty chunk would end the body.
    if (part.length === 0) return true
    if (options.length !== undefined || !options.isCurrent) outbox.bytes(part)
    else {
      outbox.latin1(`${part.length.toString(16)}\r\n`)
      outbox.bytes(part)
      outbox.latin1('\r\n')
    }
    return true
  }

  private async drain(): Promise<void> {
    this.isWaiting = true
    this.options.onWaiting()
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
    this.wake = undefined
  }
}

const NOTHING = new Uint8Array(0)

/** Resolves like `promise` if that settles within this turn of the event loop, else with `undefined`. */
function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([
    promise,
    new Promise<undefined>((resolve) => void setImmediate(resolve, undefined)),
  ])
}
