import { BodyError } from '../../core/http1/body-error.ts'

/**
 * The memory that request bodies may occupy at once on one listener, in bytes as received. The limits on the size of
 * one body and on the number of requests do not bound their product tightly enough.
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

  /** Takes room, if there is enough. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.bytesMax) return false
    this.taken += bytes
    return true
  }

  /** Gives back room that was taken. */
  give(bytes: number): void {
    this.taken -= bytes
  }

  /** Why a body of this size does not fit: it never will, or other bodies must be released first. */
  failure(bytes: number): BodyError {
    return bytes > this.bytesMax
      ? new BodyError('body_too_large', 'The body is too large to be held.')
      : new BodyError('unavailable', 'There is no room for the body at present.')
  }
}

/**
 * A body that arrived complete with its head and is no longer than this needs no room: requests in flight are bounded.
 */
export const SMALL_BYTES_MAX = 4096

/** The most unused bytes that a view may keep in memory. */
export const PINNED_BYTES_MAX = 16_384

/** Returns the bytes, copied if as a view they would keep a much larger buffer in memory. */
export const unpinned = <T extends Uint8Array>(bytes: T): T | Buffer =>
  bytes.buffer.byteLength > bytes.length + PINNED_BYTES_MAX ? Buffer.from(bytes) : bytes
