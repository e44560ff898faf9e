/** A seeded source of randomness: the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits of randomness. */
  next(): number
  /** Uniform whole number in [0, bound). */
  below(bound: number): number
  /** Exponential with mean 1. */
  exponential(): number
  /** Standard normal (Marsaglia's polar method). */
  normal(): number
  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<Item>(items: Item[]): Item[]
  /** An independent source. It has a name, so that adding another does not change the sequences of the rest. */
  fork(name: string): Random
}

function fnv1a(text: string, start: number): number {
  let hash = start >>> 0
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  }
  return hash
}

function splitmix32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
}

/**
 * xoshiro128** (Blackman and Vigna, 2018), seeded by splitmix32.
 *
 * @param seed - Any whole number; only its low 32 bits count.
 */
export function createRandom(seed: number): Random {
  const fill = splitmix32(seed)
  let a = fill()
  let b = fill()
  let c = fill()
  let d = fill()
  const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by))
  const next32 = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return result
  }
  const random: Random = {
    next: () => next32() / 0x1_0000_0000,
    below: (bound) => Math.floor((next32() / 0x1_0000_0000) * bound),
    exponential: () => -Math.log1p(-random.next()),
    normal: () => {
      for (;;) {
        const u = 2 * random.next() - 1
        const v = 2 * random.next() - 1
        const s = u * u + v * v
        if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s)
      }
    },
    shuffle: (items) => {
      for (let at = items.length - 1; at > 0; at -= 1) {
        const other = random.below(at + 1)
        const held = items[at]!
        items[at] = items[other]!
        items[other] = held
      }
      return items
    },
    fork: (name) => createRandom(fnv1a(name, seed ^ 0x811c9dc5)),
  }
  return random
}
