/** A place holds 24 bits of a hash and, in the low 8 bits, when the hash left. */
const PRINT_MASK = 0xffffff00
const TIME_MASK = 0xff
const TIME_BITS = 8
const WAYS = 4
const WAY_BITS = 2
/** The time of leaving is kept in steps; this many steps make one length of the queue. */
const STEPS = 32

/**
 * Remembers which hashes left a queue lately: the ghost queue of S3-FIFO, as a set-associative table of 4 bytes per
 * place instead of a queue of keys. It may forget a hash early or, once in 2²² times, confuse two; either costs only a
 * little hit ratio.
 */
export class Ghosts {
  readonly length: number
  private readonly places: Uint32Array
  private readonly mask: number
  private readonly leavingsPerStep: number
  private leavings = 0
  /** The time; not 0 at first, so that empty places count as the oldest. */
  private step = 1

  /** @param length how many departures a hash is remembered for */
  constructor(length: number) {
    this.length = length
    const size = 2 ** Math.ceil(Math.log2(Math.max(length, WAYS)))
    this.places = new Uint32Array(size)
    this.mask = size - WAYS
    this.leavingsPerStep = Math.max(1, length / STEPS)
  }

  add(hash: number): void {
    if (++this.leavings >= this.leavingsPerStep) {
      this.leavings = 0
      this.step = (this.step + 1) & TIME_MASK
    }
    const { places, step } = this
    const first = this.firstPlace(hash)
    // Age and way are packed into one number: a branch on which way is the oldest would be unpredictable.
    let oldest = 0
    for (let way = 0; way < WAYS; way++) {
      const age = (step - places[first + way]!) & TIME_MASK
      oldest = Math.max(oldest, (age << WAY_BITS) | way)
    }
    places[first + (oldest & (WAYS - 1))] = (hash & PRINT_MASK) | step
  }

  /** Whether the hash left recently; if so, it is forgotten, because it is coming back. */
  take(hash: number): boolean {
    const { places, step } = this
    const first = this.firstPlace(hash)
    for (let at = first; at < first + WAYS; at++) {
      const held = places[at]!
      if ((held ^ hash) >>> TIME_BITS !== 0) continue
      // A place with the greatest age is the next to be replaced.
      places[at] = (step + 1) & TIME_MASK
      return ((step - held) & TIME_MASK) <= STEPS
    }
    return false
  }

  /** The size of the table in bytes. */
  bytes(): number {
    return this.places.byteLength
  }

  private firstPlace(hash: number): number {
    return (Math.imul(hash, 0x9e3779b1) >>> 7) & this.mask
  }
}
