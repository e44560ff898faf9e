import { KIND_MASK, SLIDING } from './lanes.ts'

/** Numbers the lengths of sliding windows: each length is a separate kind, which fits into a few bits. */
export class WindowLengths {
  readonly #lengthsMs: number[] = []
  readonly #kinds = new Map<number, number>()

  /**
   * The kind that stands for a length.
   *
   * @throws RangeError beyond 16,380 lengths
   */
  kindOf(windowMs: number): number {
    const known = this.#kinds.get(windowMs)
    if (known !== undefined) return known
    const kind = SLIDING + this.#lengthsMs.length
    if (kind > KIND_MASK) throw new RangeError('too many lengths of sliding windows')
    this.#lengthsMs.push(windowMs)
    this.#kinds.set(windowMs, kind)
    return kind
  }

  /** The length that a kind stands for. */
  lengthMs(kind: number): number {
    return this.#lengthsMs[kind - SLIDING]!
  }
}
