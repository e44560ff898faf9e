import type { BodyDecoder } from '../../core/http1/body-decoder.ts'
import { createBodyDecoder } from '../../core/http1/body-decoder.ts'
import { BodyError } from '../../core/http1/body-error.ts'
import type { BodyRoom } from './body-room.ts'
import { unpinned } from './body-room.ts'
import { utf8 } from './buffer-text.ts'
import { CHUNKED } from './request-head.ts'

/** The connection on which a body arrives. */
export interface BodySource {
  /** The body is being read: continue. */
  resume(): void
  /** Enough for now. */
  pause(): void
}

/** The most bytes that are kept for a slow reader. */
const HELD_BYTES_MAX = 65_536

/**
 * The bound on chunk overhead beyond the body itself: without it, one byte of body could come with a kilobyte of
 * extensions, and the limit on bodies would have no effect.
 */
const OVERHEAD_BYTES_MAX = 65_536
const OVERHEAD_RATIO_MAX = 16

type Reading =
  /** The body has not been requested yet. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'text'
      readonly resolve: (text: string) => void
      readonly reject: (error: Error) => void
    }
  | { readonly kind: 'stream'; readonly controller: ReadableStreamDefaultController<Uint8Array> }
  /** The body is no longer wanted. */
  | { readonly kind: 'dropped' }

const NOTHING = new Uint8Array(0)
const NONE: Reading = { kind: 'none' }
const DROPPED: Reading = { kind: 'dropped' }

/** The body of a request that was not complete when its head was read. */
export class RequestBody {
  /** Whether it has arrived completely, or has failed. */
  isDone = false
  /** Why it failed, if it did. */
  failure: BodyError | undefined = undefined
  /** Bytes received so far, with framing; time limits use it to check for progress. */
  wireBytes = 0
  private readonly source: BodySource
  private readonly bytesMax: number
  private readonly room: BodyRoom
  private readonly decode: BodyDecoder
  private readonly announcedBytes: number
  private reading: Reading = NONE
  private stream: ReadableStream<Uint8Array> | undefined = undefined
  /** The part that has not been taken yet; the array may have spare room at its end. */
  private held: Uint8Array = NOTHING
  private heldBytes = 0
  private bytes = 0
  /** How much of the room it occupies. */
  private takenBytes = 0

  constructor(source: BodySource, bodyBytes: number, bytesMax: number, room: BodyRoom) {
    this.source = source
    this.bytesMax = bytesMax
    this.room = room
    this.announcedBytes = bodyBytes
    this.decode = createBodyDecoder(
      bodyBytes === CHUNKED ? { kind: 'chunked' } : { kind: 'length', bytes: bodyBytes },
      'strict',
    )
  }

  /** Bytes that are still to come; `undefined` if unknown. */
  get remainingBytes(): number | undefined {
    return this.announcedBytes === CHUNKED ? undefined : this.announcedBytes - this.bytes
  }

  /** Bytes that have arrived and not been taken yet. */
  get waitingBytes(): number {
    const { reading } = this
    if (reading.kind !== 'stream') return this.held === NOTHING ? 0 : this.heldBytes
    return HELD_BYTES_MAX - (reading.controller.desiredSize ?? HELD_BYTES_MAX)
  }

  /** Takes bytes from the connection. Returns how many are beyond the end of the body. */
  take(bytes: Uint8Array): number {
    this.wireBytes += bytes.length
    const { parts, done, excess, error } = this.decode(bytes)
    // Joined, so that a body of tiny chunks costs no more than one of large ones.
    if (parts.length > 0) this.accept(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    if (error !== undefined) this.fail(new BodyError('bad_request', `The body has a ${error}.`))
    else if (this.wireBytes > OVERHEAD_BYTES_MAX + OVERHEAD_RATIO_MAX * this.bytes) {
      this.fail(new BodyError('bad_request', 'The body is chunks and little else.'))
    } else if (done) this.finish()
    return excess
  }

  /** The whole body; it must be done. */
  collect(): Buffer {
    const { held, heldBytes } = this
    this.reading = DROPPED
    this.held = NOTHING
    return Buffer.from(held.buffer, held.byteOffset, heldBytes)
  }

  /** Resolves with the body as text once it is complete. Rejects with a {@link BodyError}. */
  text(): Promise<string> {
    if (this.reading !== NONE) return Promise.reject(alreadyRead())
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (this.isDone) return Promise.resolve(this.decodeText())
    if (this.announcedBytes > this.room.bytesMax) {
      this.fail(this.room.failure(this.announcedBytes))
      return Promise.reject(this.failure)
    }
    this.source.resume()
    return new Promise((resolve, reject) => {
      this.reading = { kind: 'text', resolve, reject }
    })
  }

  /** The body as a stream, as it arrives. */
  open(): ReadableStream<Uint8Array> {
    if (this.stream !== undefined) return this.stream
    if (this.reading !== NONE) throw alreadyRead()
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.connect(controller),
        pull: () => this.goOn(),
        cancel: () => this.drop(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HELD_BYTES_MAX }),
    )
    return this.stream
  }

  /** The rest of the body is no longer wanted. */
  drop(): void {
    if (this.reading.kind === 'text' || this.reading.kind === 'stream') {
      this.tell(new BodyError('bad_request', 'The request is over.'))
    }
    this.reading = DROPPED
    this.held = NOTHING
    this.release()
  }

  /** Gives its room back, once its bytes are no longer needed. */
  release(): void {
    this.takeUp(0)
  }

  /** Fails the body, and tells its reader. */
  fail(error: BodyError): void {
    if (this.isDone) return
    this.isDone = true
    this.failure = error
    this.held = NOTHING
    this.release()
    this.tell(error)
  }

  private tell(error: BodyError): void {
    const { reading } = this
    this.reading = reading === NONE ? NONE : DROPPED
    if (reading.kind === 'text') reading.reject(error)
    else if (reading.kind === 'stream') errorQuietly(reading.controller, error)
  }

  private connect(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.held !== NOTHING) controller.enqueue(this.held.slice(0, this.heldBytes))
    this.held = NOTHING
    if (this.failure !== undefined) controller.error(this.failure)
    else if (this.isDone) controller.close()
    this.reading = this.isDone ? DROPPED : { kind: 'stream', controller }
  }

  private accept(part: Uint8Array): void {
    if (this.isDone) return
    this.bytes += part.length
    if (this.bytes > this.bytesMax) {
      return this.fail(new BodyError('body_too_large', 'The body is too large.'))
    }
    const { reading } = this
    if (reading.kind === 'dropped') return
    if (reading.kind === 'stream') {
      reading.controller.enqueue(part)
      const { waitingBytes } = this
      if (!this.takeUp(waitingBytes)) this.fail(this.room.failure(waitingBytes))
      else if (waitingBytes >= HELD_BYTES_MAX) this.source.pause()
      return
    }
    const heldBytes = this.heldBytes + part.length
    if (!this.takeUp(heldBytes)) return this.fail(this.room.failure(heldBytes))
    this.hold(part)
    if (reading.kind === 'none' && this.heldBytes > HELD_BYTES_MAX) this.source.pause()
  }

  /** The stream is being read. */
  private goOn(): void {
    this.takeUp(this.waitingBytes)
    this.source.resume()
  }

  /** Sets the room that it occupies to `bytes`, if there is enough. */
  private takeUp(bytes: number): boolean {
    const more = bytes - this.takenBytes
    if (more > 0 && !this.room.take(more)) return false
    if (more < 0) this.room.give(-more)
    this.takenBytes = bytes
    return true
  }

  private hold(part: Uint8Array): void {
    const { held, heldBytes } = this
    const bytes = heldBytes + part.length
    if (held === NOTHING) this.held = unpinned(part)
    else {
      if (bytes > held.length) {
        this.held = new Uint8Array(Math.max(bytes, 2 * held.length))
        this.held.set(held.subarray(0, heldBytes))
      }
      this.held.set(part, heldBytes)
    }
    this.heldBytes = bytes
  }

  private finish(): void {
    if (this.isDone) return
    this.isDone = true
    const { reading } = this
    if (reading.kind === 'text') reading.resolve(this.decodeText())
    else if (reading.kind === 'stream') {
      this.reading = DROPPED
      reading.controller.close()
    }
  }

  private decodeText(): string {
    const whole = this.collect()
    return bodyText(whole, 0, whole.length)
  }
}

/** UTF-8 text of a body, without a byte order mark, like the standard `text()`. */
export function bodyText(bytes: Buffer, from: number, end: number): string {
  const isMarked = bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf
  return utf8(bytes, isMarked && end - from >= 3 ? from + 3 : from, end)
}

const alreadyRead = (): TypeError => new TypeError('the body has been read already')

function errorQuietly(
  controller: ReadableStreamDefaultController<Uint8Array>,
  error: BodyError,
): void {
  try {
    controller.error(error)
  } catch {
    // The reader has cancelled it.
  }
}
