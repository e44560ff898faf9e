/** Links of slots, two words each: toward the head and toward the tail. The array may be replaced. */
export interface SlotLinks {
  words: Int32Array
  readonly stride: number
}

const NONE = -1

/**
 * A first-in-first-out queue of slots as a doubly linked list in the words of the slots, so that a deleted slot leaves
 * at once from wherever it is.
 */
export class SlotQueue {
  count = 0
  bytes = 0
  /** The oldest slot, or -1. */
  tail = NONE
  private head = NONE
  private readonly links: SlotLinks
  private readonly newer: number
  private readonly older: number

  /** @param offset offset of the first of the two link words within a slot */
  constructor(links: SlotLinks, offset: number) {
    this.links = links
    this.newer = offset
    this.older = offset + 1
  }

  push(slot: number, bytes: number): void {
    const { words, stride } = this.links
    const { head } = this
    words[slot * stride + this.newer] = NONE
    words[slot * stride + this.older] = head
    if (head === NONE) this.tail = slot
    else words[head * stride + this.newer] = slot
    this.head = slot
    this.count++
    this.bytes += bytes
  }

  remove(slot: number, bytes: number): void {
    const { words, stride } = this.links
    const newer = words[slot * stride + this.newer]!
    const older = words[slot * stride + this.older]!
    if (newer === NONE) this.head = older
    else words[newer * stride + this.older] = older
    if (older === NONE) this.tail = newer
    else words[older * stride + this.newer] = newer
    this.count--
    this.bytes -= bytes
  }

  /** Moves the oldest slot to the end, as if it had just been added. */
  rotate(): void {
    const { words, stride } = this.links
    const { head, tail } = this
    if (head === tail) return
    const next = words[tail * stride + this.newer]!
    words[next * stride + this.older] = NONE
    this.tail = next
    words[tail * stride + this.newer] = NONE
    words[tail * stride + this.older] = head
    words[head * stride + this.newer] = tail
    this.head = tail
  }
}
