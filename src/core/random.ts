import { randomBytes } from 'node:crypto'

/** A source of randomness, handed in. Secrets are only ever made from {@link systemRandom}. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
  /** A number in [0, 1), for jitter and for choices on which no security rests. */
  fraction(): number
}

/** The operating system's cryptographically secure source. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fraction: () => randomBytes(4).readUInt32BE(0) / 0x1_0000_0000,
}

/** A repeatable source for tests and seeded runs (mulberry32). Never use it for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    fraction: () => next() / 0x1_0000_0000,
  }
}
