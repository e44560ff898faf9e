import type { Random } from '../core/index.ts'

/** A request that is sent repeatedly. */
export type SliceRequest = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** The only status that counts as an answer. */
  readonly status: number
}

/** A short measurement of one variant, as fast as it answers. */
export type Slice = {
  /** Answers with the expected status. */
  readonly requests: number
  readonly failed: number
  readonly seconds: number
  /** Processor time of the server; `null` if it cannot be read. */
  readonly cpuNs: number | null
  /** Cores that other processes used meanwhile. */
  readonly foreignCores: number | null
}

/** ABBA or BAAB, at random, so that a machine that drifts steadily favors neither. */
export function balancedOrder<Item>(a: Item, b: Item, random: Random): readonly Item[] {
  const [outer, inner] = random.next() < 0.5 ? [a, b] : [b, a]
  return [outer, inner, inner, outer]
}
