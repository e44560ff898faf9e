/** A place holds 24 bits of a hash and, in the low 8, when it left: 0 is an empty place. */
const PRINT_MASK = 0xffffff00
const WAYS = 4
/** The time of leaving is kept in as many steps as make one length of the queue. */
const STEPS = 32

/**
 * Remembers which hashes left a queue lately: the ghost queue of S3-FIFO, as a set-associative table of
 * 4 bytes a place instead of a queue of keys. It may forget one early or, one time in 2²², mistake one:
 * either costs a little hit ratio only.
 */
export class Ghosts {
  readonly length: number
  private readonly places: Uint32Array
  private readonly mask: number
  private readonly leavingsPerStep: number
  private leavings = 0
  private step = 1

  /** @param length how many leavings a hash is remembered for */
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
      this.step = (this.step % 255) + 1
    }
    const { places } = this
    const first = this.firstPlace(hash)
    const { step } = this
    let oldest = first
    let oldestAge = -1
    for (let at = first; at < first + WAYS; at++) {
      const held = places[at]!
      if (held === 0) {
        oldest = at
        break
      }
      const since = step - (held & 0xff)
      const age = since < 0 ? since + 255 : since
      if (age > oldestAge) {
        oldest = at
        oldestAge = age
      }
    }
    places[oldest] = ((hash & PRINT_MASK) | this.step) >>> 0
  }

  /** Whether the hash left lately; it is forgotten then, because it is coming back. */
  take(hash: number): boolean {
    const { places } = this
    const first = this.firstPlace(hash)
    const print = (hash & PRINT_MASK) >>> 0
    for (let at = first; at < first + WAYS; at++) {
      const held = places[at]!
      if (held !== 0 && (held & PRINT_MASK) >>> 0 === print && this.age(held) <= STEPS) {
        places[at] = 0
        return true
      }
    }
    return false
  }

  /** Bytes that the table takes. */
  bytes(): number {
    return this.places.byteLength
  }

  private firstPlace(hash: number): number {
    return (Math.imul(hash, 0x9e3779b1) >>> 7) & this.mask
  }

  private age(held: number): number {
    const since = this.step - (held & 0xff)
    return since < 0 ? since + 255 : since
  }
}
