import type { Socket } from 'bun'
import type { BodyError } from '../../core/http1/body-error.ts'
import type { BodyRoom } from './body-room.ts'
import { unpinned } from './body-room.ts'
import type { Outbox } from './outbox.ts'
import type { BodySource } from './request-body.ts'
import { RequestBody } from './request-body.ts'
import type { RequestHead } from './request-head.ts'

const BACKLOG_BYTES_MAX = 65_536
/** With more than this waiting, the gate no longer looks whether the client is still there. */
const LOOKING_BYTES_MAX = 262_144
/** A body that brings less than this in a window of ten seconds is given up: about 1 KB per second. */
const WINDOW_BYTES_MIN = 10_240
/** How much of an unwanted body is read and dropped, so that its connection can be kept. */
const DISCARDED_BYTES_MAX = 65_536
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** The bytes that arrive while a request is being answered: the rest of its body, and whatever follows. */
export class Intake implements BodySource {
  /** The body that was not complete when its head was read. */
  body: RequestBody | undefined = undefined
  /** Whether more arrived than there is room for, so that what followed the request is lost. */
  isFlooded = false
  private readonly socket: Pick<Socket, 'pause' | 'resume'>
  private readonly outbox: Outbox
  private readonly room: BodyRoom
  private backlog: Buffer | undefined = undefined
  private isPaused = false
  /** In the current time window. */
  private wasPaused = false
  /** Whether the client waits for `100 Continue`. */
  private isAwaited = false
  private bytesSeen = 0
  private discardedBytes = 0

  constructor(socket: Pick<Socket, 'pause' | 'resume'>, outbox: Outbox, room: BodyRoom) {
    this.socket = socket
    this.outbox = outbox
    this.room = room
  }

  /** Opens the body of `head` with the bytes that arrived with it. Returns how many of them are beyond its end. */
  open(head: RequestHead, bytes: Buffer, bytesMax: number): number {
    this.body = new RequestBody(this, head.bodyBytes, bytesMax, this.room)
    this.isAwaited = head.expectsContinue && bytes.length === 0
    this.wasPaused = false
    this.bytesSeen = 0
    this.discardedBytes = 0
    return this.body.take(bytes)
  }

  /** The answer no longer needs the body. */
  close(): void {
    this.body = undefined
    this.isAwaited = false
  }

  /** Whether the rest of the body is, as far as known, short enough to be read and dropped. */
  mayDiscard(): boolean {
    const { body } = this
    if (this.isFlooded) return false
    if (body === undefined) return true
    if (body.failure !== undefined) return false
    return body.isDone || (!this.isAwaited && (body.remainingBytes ?? 0) <= DISCARDED_BYTES_MAX)
  }

  /** Takes bytes for the body, and keeps the rest. Returns why the body failed, if these bytes made it fail. */
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
   * Drops bytes of an unwanted body. Returns how many are beyond its end; `undefined` if there are too many to go on.
   */
  discard(chunk: Buffer): number | undefined {
    const excess = this.body?.take(chunk) ?? 0
    this.discardedBytes += chunk.length - excess
    return this.discardedBytes > DISCARDED_BYTES_MAX ? undefined : excess
  }

  /** Hands over what arrived after the request, once. */
  takeBacklog(): Buffer | undefined {
    const { backlog } = this
    this.dropBacklog()
    this.unpause()
    return backlog
  }

  /** Drops what arrived after the request. */
  dropBacklog(): void {
    if (this.backlog !== undefined) this.room.give(this.backlog.length)
    this.backlog = undefined
  }

  get hasBacklog(): boolean {
    return this.backlog !== undefined || this.isFlooded
  }

  /** An answer has begun: it is too late for `100 Continue`. */
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
   * Ends a time window and begins the next. Returns whether the client has sent too little in it, although the gate was
   * reading all along.
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
   * Checks whether the client is still there while a request is being answered: a socket that is not read hides that
   * the other side was closed. Bytes that this brings are kept, up to a limit.
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

  /** Resumes reading, if it was paused. */
  unpause(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket.resume()
  }
}
