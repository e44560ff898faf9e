import type { Random } from '../core/index.ts'

/** A request that is sent over and over. */
export type SliceRequest = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** The only status that counts as an answer. */
  readonly status: number
}

/** One variant for a moment, as fast as it answers. */
export type Slice = {
  /** Answers with the status that is expected. */
  readonly requests: number
  readonly failed: number
  readonly seconds: number
  /** Processor time of the server; `null` where it cannot be read. */
  readonly cpuNs: number | null
  /** Cores that other processes used meanwhile. */
  readonly foreignCores: number | null
}

/** ABBA or BAAB, drawn by lot: a machine that changes in a steady way favors neither. */
export function balancedOrder<Item>(a: Item, b: Item, random: Random): readonly Item[] {
  const [outer, inner] = random.next() < 0.5 ? [a, b] : [b, a]
  return [outer, inner, inner, outer]
}
