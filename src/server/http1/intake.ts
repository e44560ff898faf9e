import type { Socket } from 'bun'
import type { BodyError } from '../../core/http1/body-error.ts'
import type { BodyRoom } from './body-room.ts'
import { unpinned } from './body-room.ts'
import type { Outbox } from './outbox.ts'
import type { BodySource } from './request-body.ts'
import { RequestBody } from './request-body.ts'
import type { RequestHead } from './request-head.ts'

const BACKLOG_BYTES_MAX = 65_536
/** With more than this at hand, a client is left to wait unseen. */
const LOOKING_BYTES_MAX = 262_144
/** A body slower than this in a window of ten seconds is given up: about 1 KB a second. */
const WINDOW_BYTES_MIN = 10_240
/** What of an unwanted body is read past, so that its connection can be kept. */
const DISCARDED_BYTES_MAX = 65_536
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/**
 * What a connection brings while a request is being answered: the rest of its body, and whatever follows it.
 */
export class Intake implements BodySource {
  /** The body that was not complete when its head was read. */
  body: RequestBody | undefined = undefined
  /** More came than there is room for: what followed the request is lost. */
  isFlooded = false
  private readonly socket: Pick<Socket, 'pause' | 'resume'>
  private readonly outbox: Outbox
  private readonly room: BodyRoom
  private backlog: Buffer | undefined = undefined
  private isPaused = false
  /** Within the present window of time. */
  private wasPaused = false
  /** The client waits for `100 Continue`. */
  private isAwaited = false
  private bytesSeen = 0
  private discardedBytes = 0

  constructor(socket: Pick<Socket, 'pause' | 'resume'>, outbox: Outbox, room: BodyRoom) {
    this.socket = socket
    this.outbox = outbox
    this.room = room
  }

  /** Opens the body of `head` with the bytes that came with it. Returns how many are beyond its end. */
  open(head: RequestHead, bytes: Buffer, bytesMax: number): number {
    this.body = new RequestBody(this, head.bodyBytes, bytesMax, this.room)
    this.isAwaited = head.expectsContinue && bytes.length === 0
    this.wasPaused = false
    this.bytesSeen = 0
    this.discardedBytes = 0
    return this.body.take(bytes)
  }

  /** The body has to do with the answer no longer. */
  close(): void {
    this.body = undefined
    this.isAwaited = false
  }

  /** Whether the body is not needed and so short, as far as one knows, that it can be read past. */
  mayDiscard(): boolean {
    const { body } = this
    if (this.isFlooded) return false
    if (body === undefined) return true
    if (body.failure !== undefined) return false
    return body.isDone || (!this.isAwaited && (body.remainingBytes ?? 0) <= DISCARDED_BYTES_MAX)
  }

  /** Takes bytes: those of the body, and keeps the rest. Returns why the body failed, if it did with these. */
  take(chunk: Buffer): BodyError | undefined {
    const { body } = this
    let rest = chunk
    if (body !== undefined) {
      if (body.failure !== undefined) return undefined
      if (!body.isDone) {
        this.isAwaited = false
        rest = chunk.subarray(chunk.length - body.take(chunk))
        if (body.failure !== undefined) return body.failure
      }
    }
    return rest.length === 0 ? undefined : this.keep(rest)
  }

  /**
   * Reads past bytes of a body that nobody wants. Returns how many are beyond its end; `undefined` when it is
   * too much to go on with.
   */
  discard(chunk: Buffer): number | undefined {
    const excess = this.body?.take(chunk) ?? 0
    this.discardedBytes += chunk.length - excess
    return this.discardedBytes > DISCARDED_BYTES_MAX ? undefined : excess
  }

  /** What came after the request; it is handed over once. */
  takeBacklog(): Buffer | undefined {
    const { backlog } = this
    this.dropBacklog()
    this.unpause()
    return backlog
  }

  /** Forgets what came after the request. */
  dropBacklog(): void {
    if (this.backlog !== undefined) this.room.give(this.backlog.length)
    this.backlog = undefined
  }

  get hasBacklog(): boolean {
    return this.backlog !== undefined || this.isFlooded
  }

  /** An answer is on its way: it is too late for `100 Continue`. */
  answered(): void {
    this.isAwaited = false
  }

  /** Somebody reads the body. */
  resume(): void {
    if (this.isAwaited) {
      this.isAwaited = false
      this.outbox.latin1(CONTINUE)
      this.outbox.flush()
    }
    if ((this.backlog?.length ?? 0) <= BACKLOG_BYTES_MAX) this.unpause()
  }

  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.wasPaused = true
    this.socket.pause()
  }

  /**
   * Ends a window of time, and begins the next. Returns whether the client has sent too little in it, though it
   * was let to.
   */
  endWindow(): boolean {
    const { body } = this
    if (body === undefined) return false
    const isSlow = body.wireBytes - this.bytesSeen < WINDOW_BYTES_MIN
    const isOurs = this.wasPaused || this.isAwaited
    this.wasPaused = this.isPaused
    this.bytesSeen = body.wireBytes
    return isSlow && !isOurs
  }

  /**
   * Looks whether the client is still there, while a request is being answered: a socket that is not read hides that
   * the other side was closed. What is found besides is kept, as far as there may be more.
   */
  look(): void {
    if (!this.isPaused) return
    const waitingBytes = (this.body?.waitingBytes ?? 0) + (this.backlog?.length ?? 0)
    if (waitingBytes <= LOOKING_BYTES_MAX) this.unpause()
  }

  private keep(bytes: Buffer): BodyError | undefined {
    if (this.isFlooded) return undefined
    const { backlog, room } = this
    if (!room.take(bytes.length)) {
      this.isFlooded = true
      this.pause()
      return room.failure(0)
    }
    this.backlog = backlog === undefined ? unpinned(bytes) : Buffer.concat([backlog, bytes])
    if (this.backlog.length > BACKLOG_BYTES_MAX) this.pause()
    return undefined
  }

  /** Reads on, if it had stopped. */
  unpause(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket.resume()
  }
}
