import type { Trace } from './traces.ts'

/**
 * The hits of a cache that knows the future: it evicts the key whose next use is furthest away (Belady 1966).
 * No cache can do better; if the difference from it is small, little is left to gain.
 */
export function beladyHits(trace: Trace, capacity: number): number {
  const { length } = trace
  const nextUse = new Int32Array(length)
  const seen = new Map<number, number>()
  for (let at = length - 1; at >= 0; at--) {
    nextUse[at] = seen.get(trace[at]!) ?? length
    seen.set(trace[at]!, at)
  }
  const held = new Map<number, number>()
  const heap = new LatestFirst()
  let hits = 0
  for (let at = 0; at < length; at++) {
    const key = trace[at]!
    if (held.has(key)) hits++
    else if (held.size >= capacity) {
      for (;;) {
        const [use, victim] = heap.pop()
        // The heap still contains past uses, which no longer count.
        if (held.get(victim) !== use) continue
        held.delete(victim)
        break
      }
    }
    held.set(key, nextUse[at]!)
    heap.push(nextUse[at]!, key)
  }
  return hits / length
}

/** A binary heap of uses with their keys, the latest use on top. */
class LatestFirst {
  private readonly uses: number[] = []
  private readonly keys: number[] = []

  push(use: number, key: number): void {
    let at = this.uses.push(use) - 1
    this.keys.push(key)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.uses[parent]! >= this.uses[at]!) break
      this.swap(at, parent)
      at = parent
    }
  }

  pop(): readonly [use: number, key: number] {
    const top = [this.uses[0]!, this.keys[0]!] as const
    const [use, key] = [this.uses.pop()!, this.keys.pop()!]
    if (this.uses.length === 0) return top
    this.uses[0] = use
    this.keys[0] = key
    for (let at = 0; ;) {
      const left = at * 2 + 1
      const right = left + 1
      let latest = at
      if (left < this.uses.length && this.uses[left]! > this.uses[latest]!) latest = left
      if (right < this.uses.length && this.uses[right]! > this.uses[latest]!) latest = right
      if (latest === at) return top
      this.swap(at, latest)
      at = latest
    }
  }

  private swap(a: number, b: number): void {
    const [use, key] = [this.uses[a]!, this.keys[a]!]
    this.uses[a] = this.uses[b]!
    this.keys[a] = this.keys[b]!
    this.uses[b] = use
    this.keys[b] = key
  }
}
