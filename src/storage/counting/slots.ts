import { KIND_MASK, MARK, STRIDE, WORDS } from './lanes.ts'

/** The memory of counters, viewed as lanes and as words; see `lanes.ts` for the layout. */
export class Slots {
  lanes: Float64Array
  words: Int32Array

  constructor(count: number) {
    this.lanes = new Float64Array(count * STRIDE)
    this.words = new Int32Array(this.lanes.buffer)
  }

  /** Makes room for a slot. */
  hold(slot: number): void {
    let { length } = this.lanes
    if ((slot + 1) * STRIDE <= length) return
    while ((slot + 1) * STRIDE > length) length *= 2
    const { words } = this
    this.lanes = new Float64Array(length)
    this.words = new Int32Array(this.lanes.buffer)
    this.words.set(words)
  }

  /** Resets a slot, which then belongs to no subject. */
  clear(slot: number): void {
    this.lanes.fill(0, slot * STRIDE, (slot + 1) * STRIDE)
  }

  kind(slot: number): number {
    return this.words[slot * WORDS + MARK]! & KIND_MASK
  }

  setKind(slot: number, kind: number): void {
    const at = slot * WORDS + MARK
    this.words[at] = (this.words[at]! & ~KIND_MASK) | kind
  }
}
