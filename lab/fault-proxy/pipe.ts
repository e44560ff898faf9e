import type { Fault } from './fault.ts'

/** Where a pipe leads: takes bytes and returns how many it took, or less than 0 if it is gone. */
export interface PipeEnd {
  write(bytes: Uint8Array): number
}

const HELD_BYTES_MAX = 4 * 2 ** 20

/** One direction of a connection: holds bytes until they are passed on. */
export class Pipe {
  #to: PipeEnd | undefined
  #held: { readonly bytes: Uint8Array; readonly dueMs: number }[] = []
  #heldBytes = 0
  /** Bytes that may pass at once while throttled. */
  #allowance = 0
  #isEnding = false

  /** Connects the pipe to its destination. */
  leadTo(end: PipeEnd): void {
    this.#to = end
  }

  /** Keeps bytes until they are due; returns whether there was room for them. */
  hold(bytes: Uint8Array, dueMs: number): boolean {
    this.#heldBytes += bytes.length
    if (this.#heldBytes > HELD_BYTES_MAX) return false
    this.#held.push({ bytes: Uint8Array.from(bytes), dueMs })
    return true
  }

  /** Marks the end of the input. */
  end(): void {
    this.#isEnding = true
  }

  /** Makes everything that is held due at once. */
  release(): void {
    this.#held = this.#held.map(({ bytes }) => ({ bytes, dueMs: 0 }))
  }

  /** Adds the allowance of a throttle for the time that has passed; unused allowance does not accumulate. */
  allow(bytesPerSecond: number, elapsedMs: number): void {
    const allowance = this.#allowance + (bytesPerSecond * elapsedMs) / 1000
    this.#allowance = Math.min(allowance, Math.max(1, bytesPerSecond / 10))
  }

  /**
   * Passes on what is due, and holds what the other end does not take. Returns whether everything has been
   * passed on and the input has ended.
   */
  flush(fault: Fault, nowMs: number): boolean {
    const to = this.#to
    if (to === undefined || fault.kind === 'blackhole') return false
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (first.dueMs > nowMs) return false
      const room = fault.kind === 'throttle' ? Math.floor(this.#allowance) : Infinity
      const part = first.bytes.subarray(0, Math.min(first.bytes.length, room))
      if (part.length === 0) return false
      const written = Math.max(0, to.write(part))
      this.#heldBytes -= written
      this.#allowance -= written
      if (written < first.bytes.length) {
        this.#held[0] = { bytes: first.bytes.subarray(written), dueMs: first.dueMs }
        return false
      }
      this.#held.shift()
    }
    return this.#isEnding
  }
}
