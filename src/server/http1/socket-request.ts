import type { PlainAnswer } from '../../core/answer.ts'
import type { BodyError } from '../../core/http1/body-error.ts'
import type { IncomingHeaders, IncomingRequest } from '../../core/incoming-request.ts'
import type { BodyRoom } from './body-room.ts'
import { PINNED_BYTES_MAX, SMALL_BYTES_MAX } from './body-room.ts'
import type { RequestBody } from './request-body.ts'
import { bodyText } from './request-body.ts'
import type { RequestHead } from './request-head.ts'

/** The part of a request's connection that sends interim responses. */
export interface InterimSink {
  readonly scheme: 'http' | 'https'
  interim(request: SocketRequest, answer: PlainAnswer): void
}

/** A request read from a socket. Its parts are created on demand. */
export class SocketRequest implements IncomingRequest {
  readonly head: RequestHead
  /** Whether the client went away before its answer was complete. */
  declare isGone: boolean
  private readonly sink: InterimSink
  private readonly incoming: RequestBody | undefined
  /** The bytes read with the head; the body lies between `from` and `end`. */
  private readonly chunk: Buffer
  private readonly from: number
  private readonly end: number
  declare private controller: AbortController | undefined
  declare private stream: ReadableStream<Uint8Array> | undefined

  constructor(
    head: RequestHead,
    sink: InterimSink,
    chunk: Buffer,
    from: number,
    end: number,
    incoming: RequestBody | undefined,
  ) {
    this.head = head
    this.sink = sink
    const bytes = end - from
    // While waiting for its answer, the request would keep everything that arrived with it in memory.
    const isAlone = chunk.length <= bytes + PINNED_BYTES_MAX
    this.chunk = isAlone ? chunk : Buffer.from(chunk.subarray(from, end))
    this.from = isAlone ? from : 0
    this.end = isAlone ? end : bytes
    this.incoming = incoming
  }

  get method(): string {
    return this.head.method
  }

  get target(): string {
    return this.head.target
  }

  get headers(): IncomingHeaders {
    return this.head
  }

  get arrived(): Uint8Array | undefined {
    return this.end > this.from ? this.chunk.subarray(this.from, this.end) : undefined
  }

  text(): string | Promise<string> {
    if (this.incoming !== undefined) return this.incoming.text()
    return this.end > this.from ? bodyText(this.chunk, this.from, this.end) : ''
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.incoming !== undefined) return this.incoming.open()
    const { arrived } = this
    if (arrived === undefined) return null
    return (this.stream ??= new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(arrived)
        controller.close()
      },
    }))
  }

  get bodyFailure(): BodyError | undefined {
    return this.incoming?.failure
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.isGone) this.controller.abort()
    }
    return this.controller.signal
  }

  /** Gives back the room of its body, once that is no longer needed. */
  release(room: BodyRoom): void {
    const bytes = this.end - this.from
    if (this.incoming !== undefined) this.incoming.release()
    else if (bytes > SMALL_BYTES_MAX) room.give(bytes)
  }

  interim(answer: PlainAnswer): void {
    this.sink.interim(this, answer)
  }

  /** The client has gone away. */
  abort(): void {
    this.isGone = true
    this.controller?.abort()
  }

  toRequest(): Request {
    const host = this.headers.get('host') ?? ''
    const { method, body, signal, target } = this
    return new Request(`${this.sink.scheme}://${host}${target}`, {
      method,
      headers: [...this.headers],
      signal,
      ...(body !== null && method !== 'GET' && method !== 'HEAD' && { body, duplex: 'half' }),
    })
  }
}

// On the prototype rather than on each request, because few need them; see Exchange.
const UNSET = { isGone: false, controller: undefined, stream: undefined }
Object.assign(SocketRequest.prototype, UNSET)
