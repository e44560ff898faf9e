import type { RecordColumns } from './columns.ts'

/** The segment that begins after a piece. */
export interface NextSegment {
  readonly columns: RecordColumns
  readonly openedMs: number
}

/** Chained lines that lie together and are written together. */
export interface Piece {
  readonly bytes: Buffer
  /** Bytes that are lines. */
  used: number
  /** Requests among them. */
  requests: number
  /** There is more than requests among them. */
  isPressing: boolean
  /** Somebody waits until one of them is on disk. */
  isAwaited: boolean
  /** The newest of them. */
  seq: number
  /** Present when the last of them seals its segment. */
  next: NextSegment | undefined
}

/** A piece is this large, unless a single line is larger. */
const PIECE_BYTES = 1 << 18
const SPARES_MAX = 4
/** Bytes that may wait for each request that may. */
const BYTES_PER_REQUEST = 512

/**
 * Lines that wait for the log, oldest first, in pieces that are used again and again: no line is moved, and what
 * is being written stays as it is while others come. Bounded by requests and by bytes.
 */
export class Backlog {
  /** Requests that wait, those being written among them. */
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

  /** Whether a piece is full, or holds more than requests. */
  get isPressing(): boolean {
    return this.#closed.length > 0 || this.#open?.isPressing === true
  }

  /** Copies a line behind the others; returns the piece that it lies in. */
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

  /** What is added from now on lies in another piece, and in the segment `next` if it is given. */
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

  /** Gives back a piece that was taken: it has been written, or is lost. */
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
