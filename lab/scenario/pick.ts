import type { Random } from '../core/index.ts'
import { createAliasTable } from './alias-table.ts'

/** How rows of a feed are drawn. */
export type Pick =
  /** One after another, starting over at the end. */
  | { readonly kind: 'cycle' }
  /** Each as often as the others. */
  | { readonly kind: 'uniform' }
  /** Row `k` (from 1) in proportion to `1 / k^exponent`: popularity as the web shows it. */
  | { readonly kind: 'zipf'; readonly exponent: number }
  /** A share of the draws goes to a share of the rows, the first ones: 0.8 and 0.2. */
  | { readonly kind: 'hot'; readonly draws: number; readonly rows: number }

/**
 * A source of row numbers.
 *
 * @param offset - Where a cycle begins, so that several workers do not walk in step.
 */
export function createPicker(pick: Pick, count: number, random: Random, offset = 0): () => number {
  if (count < 1) throw new RangeError('there is nothing to draw from')
  if (pick.kind === 'cycle') {
    let at = offset % count
    return () => {
      const row = at
      at = at + 1 === count ? 0 : at + 1
      return row
    }
  }
  if (pick.kind === 'uniform') return () => random.below(count)
  const table = createAliasTable(weightsOf(pick, count))
  return () => table.draw(random)
}

/** The probability of each row, not normalized. */
function weightsOf(pick: Pick, count: number): number[] {
  const rows = Array.from({ length: count }, (_, at) => at)
  if (pick.kind === 'zipf') return rows.map((at) => (at + 1) ** -pick.exponent)
  if (pick.kind !== 'hot') return rows.map(() => 1)
  const hot = Math.min(count, Math.max(1, Math.round(count * pick.rows)))
  const cold = count - hot
  if (cold === 0) return rows.map(() => 1)
  return rows.map((at) => (at < hot ? pick.draws / hot : (1 - pick.draws) / cold))
}
