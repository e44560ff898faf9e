import type { RecordColumns } from './columns.ts'

/** The segment that begins after a piece. */
export interface NextSegment {
  readonly columns: RecordColumns
  readonly openedMs: number
}

/** Chained lines that are stored together and written together. */
export interface Piece {
  readonly bytes: Buffer
  /** Bytes taken by lines. */
  used: number
  /** How many of them are requests. */
  requests: number
  /** Whether any of them is not a request. */
  isPressing: boolean
  /** Whether a caller waits until one of them is on disk. */
  isAwaited: boolean
  /** Sequence number of the newest. */
  seq: number
  /** Present when the last of them seals its segment. */
  next: NextSegment | undefined
}

/** Size of a piece, unless a single line is larger. */
const PIECE_BYTES = 1 << 18
const SPARES_MAX = 4
/** How many bytes may wait per request that may wait. */
const BYTES_PER_REQUEST = 512

/**
 * Lines that wait for the log, oldest first, in reusable pieces: no line is moved, and a piece that is being written
 * does not change while other lines arrive. Bounded by requests and by bytes.
 */
export class Backlog {
  /** How many requests wait, including those being written. */
  requests = 0
  readonly #requestsMax: number
  readonly #bytesMax: number
  #bytes = 0
  #closed: Piece[] = []
  #open: Piece | undefined
  #spares: Buffer[] = []

  constructor(requestsMax: number) {
    this.#requestsMax = requestsMax
    this.#bytesMax = PIECE_BYTES + requestsMax * BYTES_PER_REQUEST
  }

  /** Whether it takes no more requests. */
  get isFull(): boolean {
    return this.requests >= this.#requestsMax || this.#bytes >= this.#bytesMax
  }

  /** Whether a piece is full, or holds a record that is not a request. */
  get isPressing(): boolean {
    return this.#closed.length > 0 || this.#open?.isPressing === true
  }

  /** Appends a copy of a line; returns the piece that it is in. */
  add(line: Uint8Array): Piece {
    const { length } = line
    let piece = this.#open
    if (piece === undefined || piece.used + length > piece.bytes.length) {
      this.close()
      piece = this.#begin(length)
    }
    piece.bytes.set(line, piece.used)
    piece.used += length
    this.#bytes += length
    return piece
  }

  /** Ends the current piece: whatever is added from now on is in another piece, and in the segment `next` if given. */
  close(next?: NextSegment): void {
    const piece = this.#open
    if (piece === undefined) return
    piece.next = next
    this.#closed.push(piece)
    this.#open = undefined
  }

  /** The oldest piece; it counts as waiting until it is given to {@link Backlog.release}. */
  take(): Piece | undefined {
    if (this.#closed.length === 0) this.close()
    return this.#closed.shift()
  }

  /** Returns a piece that was taken, once it has been written or lost. */
  release(piece: Piece): void {
    this.requests -= piece.requests
    this.#bytes -= piece.used
    const { bytes } = piece
    if (bytes.length === PIECE_BYTES && this.#spares.length < SPARES_MAX) this.#spares.push(bytes)
  }

  /** Forgets everything that has not been taken. */
  clear(): void {
    for (let piece = this.take(); piece !== undefined; piece = this.take()) this.release(piece)
  }

  #begin(length: number): Piece {
    const room = Math.max(length, PIECE_BYTES)
    const spare = room === PIECE_BYTES ? this.#spares.pop() : undefined
    const bytes = spare ?? Buffer.allocUnsafeSlow(room)
    const flags = { isPressing: false, isAwaited: false, next: undefined }
    const piece = { bytes, used: 0, requests: 0, seq: 0, ...flags }
    this.#open = piece
    return piece
  }
}
