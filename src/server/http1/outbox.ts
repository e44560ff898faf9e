import type { Socket } from 'bun'
import { writeLatin1, writeUtf8 } from './buffer-text.ts'

const GATHERED_BYTES = 98_304

/** A buffer in which the answers of one turn are gathered before they are written; one serves a whole listener. */
export interface Gathering {
  readonly bytes: Buffer
  length: number
  /** The outbox that the bytes belong to. */
  owner: Outbox | undefined
}

/** Creates a {@link Gathering}. */
export const createGathering = (): Gathering => ({
  bytes: Buffer.allocUnsafeSlow(GATHERED_BYTES),
  length: 0,
  owner: undefined,
})

/**
 * The bytes that wait to be written to a socket. Small pieces are gathered and written with one call; what the socket
 * does not accept is kept until it drains. Callers that add bytes must call {@link Outbox.flush} before the turn ends,
 * because all connections share the gathering buffer.
 */
export class Outbox {
  /** Bytes written so far: time limits use it to check for progress. */
  writtenBytes = 0
  private readonly socket: Pick<Socket, 'write'>
  private readonly gathering: Gathering
  private queue: Uint8Array[] | undefined = undefined

  constructor(socket: Pick<Socket, 'write'>, gathering: Gathering) {
    this.socket = socket
    this.gathering = gathering
  }

  /** Whether everything that was flushed has been taken by the socket. */
  get isEmpty(): boolean {
    return this.queue === undefined
  }

  /** Adds Latin-1 text. */
  latin1(text: string): void {
    const { gathering } = this
    if (!this.makeRoom(text.length)) return this.direct(Buffer.from(text, 'latin1'))
    gathering.length += writeLatin1(gathering.bytes, text, gathering.length)
  }

  /** Adds text as UTF-8; `bytes` is its length. */
  utf8(text: string, bytes: number): void {
    const { gathering } = this
    if (!this.makeRoom(bytes)) return this.direct(Buffer.from(text))
    gathering.length += writeUtf8(gathering.bytes, text, gathering.length)
  }

  /** Adds bytes, which must not be changed afterward. */
  bytes(bytes: Uint8Array): void {
    const { gathering } = this
    if (!this.makeRoom(bytes.length)) return this.direct(bytes)
    gathering.bytes.set(bytes, gathering.length)
    gathering.length += bytes.length
  }

  /** Writes what was gathered. Returns whether the socket took everything. */
  flush(): boolean {
    const { gathering, queue } = this
    const { length } = gathering
    if (length === 0 || gathering.owner !== this) return queue === undefined
    gathering.length = 0
    const written = queue === undefined ? this.write(gathering.bytes, 0, length) : 0
    if (written < length) this.keep(Buffer.from(gathering.bytes.subarray(written, length)))
    return this.queue === undefined
  }

  /** The socket accepts more. Returns whether everything is written now. */
  drain(): boolean {
    const { queue } = this
    if (queue === undefined) return true
    let at = 0
    while (at < queue.length) {
      const bytes = queue[at]!
      const written = this.write(bytes, 0, bytes.length)
      if (written < bytes.length) {
        queue[at] = bytes.subarray(written)
        break
      }
      at += 1
    }
    if (at === queue.length) this.queue = undefined
    else if (at > 0) queue.splice(0, at)
    return this.queue === undefined
  }

  /** Forgets everything. */
  clear(): void {
    this.queue = undefined
  }

  /** Whether `bytes` can be gathered, now that there may be room again. */
  private makeRoom(bytes: number): boolean {
    const { gathering } = this
    if (gathering.owner !== this) {
      // Never sends another connection's leftover bytes, whatever went wrong there.
      gathering.owner = this
      gathering.length = 0
    }
    if (gathering.length + bytes <= GATHERED_BYTES) return true
    this.flush()
    return bytes <= GATHERED_BYTES
  }

  private direct(bytes: Uint8Array): void {
    const written = this.queue === undefined ? this.write(bytes, 0, bytes.length) : 0
    if (written < bytes.length) this.keep(bytes.subarray(written))
  }

  private keep(bytes: Uint8Array): void {
    if (this.queue === undefined) this.queue = [bytes]
    else this.queue.push(bytes)
  }

  /** A closed socket accepts nothing; its closing is reported elsewhere. */
  private write(bytes: Uint8Array, from: number, length: number): number {
    const written = Math.max(0, this.socket.write(bytes, from, length))
    this.writtenBytes += written
    return written
  }
}
