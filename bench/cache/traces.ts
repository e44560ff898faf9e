import type { Random } from '../../src/core/random.ts'

/** Indexes of keys in the order in which they are used. */
export type Trace = Int32Array

/** A pattern of accesses. */
export interface TraceKind {
  readonly name: string
  make(length: number, keys: number, random: Random): Trace
}

/** Draws key indexes by Zipf's law with the exponent `skew`, by searching the cumulative weights. */
export function zipf(skew: number, keys: number, random: Random): () => number {
  const cumulative = new Float64Array(keys)
  let total = 0
  for (let key = 0; key < keys; key++) cumulative[key] = total += 1 / (key + 1) ** skew
  return () => {
    const wanted = random.fraction() * total
    let [low, high] = [0, keys - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulative[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

const zipfTrace = (skew: number): TraceKind => ({
  name: `Zipf ${skew.toFixed(1)}`,
  make: (length, keys, random) => Int32Array.from({ length }, zipf(skew, keys, random)),
})

/** The access patterns for which hit ratios are measured. */
export const TRACES: readonly TraceKind[] = [
  zipfTrace(0.9),
  zipfTrace(1),
  zipfTrace(1.2),
  {
    name: '80/20',
    make: (length, keys, random) =>
      Int32Array.from({ length }, () => {
        const hot = keys / 5
        const isHot = random.fraction() < 0.8
        return Math.floor(isHot ? random.fraction() * hot : hot + random.fraction() * (keys - hot))
      }),
  },
  {
    name: 'scan bursts',
    // Zipf 1.0; a fifth of all requests are scans over 2,000 keys in a row, used once each.
    make(length, keys, random) {
      const draw = zipf(1, keys, random)
      let next = keys
      let left = 0
      return Int32Array.from({ length }, () => {
        if (left === 0 && random.fraction() < 0.2 / 1600) left = 2000
        if (left === 0) return draw()
        left--
        return next++
      })
    },
  },
  {
    name: 'moving hot set',
    // Zipf 1.0, whose popular keys change every 100,000 requests.
    make(length, keys, random) {
      const draw = zipf(1, keys, random)
      const phase = 100_000
      return Int32Array.from({ length }, (_, at) => (draw() + Math.floor(at / phase) * 7919) % keys)
    },
  },
  {
    name: 'half attackers',
    // Zipf 1.0; every second request is for a key that is never used again.
    make(length, keys, random) {
      const draw = zipf(1, keys, random)
      let next = keys
      return Int32Array.from({ length }, () => (random.fraction() < 0.5 ? next++ : draw()))
    },
  },
]
