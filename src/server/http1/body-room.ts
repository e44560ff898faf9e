import { BodyError } from '../../core/http1/body-error.ts'

/**
 * The memory that bodies of requests may take up at once on one listener, in bytes as they came. Who may say how large
 * a body is, and how many may come, says nothing of both together.
 */
export class BodyRoom {
  readonly bytesMax: number
  private taken = 0

  /** @param bytesMax `Infinity` for no bound. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get takenBytes(): number {
    return this.taken
  }

  /** Takes room, if there is any. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.bytesMax) return false
    this.taken += bytes
    return true
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.taken -= bytes
  }

  /** Why a body of so many bytes does not fit: it never will, or others have to go first. */
  failure(bytes: number): BodyError {
    return bytes > this.bytesMax
      ? new BodyError('body_too_large', 'The body is too large to be held.')
      : new BodyError('unavailable', 'There is no room for the body at present.')
  }
}

/** A body that is all there with its head, and no longer than this, needs no room: requests in flight have a bound. */
export const SMALL_BYTES_MAX = 4096

/** What may be held onto for the sake of a part of it. */
export const PINNED_BYTES_MAX = 16_384

/** The bytes, without a long rest that they would keep in memory as a view of it. */
export const unpinned = <T extends Uint8Array>(bytes: T): T | Buffer =>
  bytes.buffer.byteLength > bytes.length + PINNED_BYTES_MAX ? Buffer.from(bytes) : bytes
