/** A binary heap of items by the moment at which they are due, earliest first. */
export class DueHeap<Item> {
  readonly #moments: number[] = []
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  /** When the earliest is due; Infinity if there is none. */
  get earliest(): number {
    return this.#moments[0] ?? Infinity
  }

  push(moment: number, item: Item): void {
    let at = this.#items.length
    this.#moments.push(moment)
    this.#items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#moments[parent]! <= moment) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** Removes and returns the earliest. */
  pop(): Item | undefined {
    const first = this.#items[0]
    const moment = this.#moments.pop()
    const item = this.#items.pop()
    if (first === undefined || this.#items.length === 0) return first
    this.#moments[0] = moment!
    this.#items[0] = item!
    this.#sink()
    return first
  }

  #sink(): void {
    const { length } = this.#items
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= length) return
      const right = left + 1
      const child = right < length && this.#moments[right]! < this.#moments[left]! ? right : left
      if (this.#moments[at]! <= this.#moments[child]!) return
      this.#swap(at, child)
      at = child
    }
  }

  #swap(one: number, other: number): void {
    const moment = this.#moments[one]!
    const item = this.#items[one]!
    this.#moments[one] = this.#moments[other]!
    this.#items[one] = this.#items[other]!
    this.#moments[other] = moment
    this.#items[other] = item
  }
}
