import type { Block, Slice } from './raw.ts'
import { BLOCKS_NEEDED } from './effects.ts'

/** Other work on more than this many cores disturbs a slice. */
const FOREIGN_CORES_MAX = 0.3

/** Blocks to use, and what was left out. */
export interface Sifted {
  readonly blocks: readonly Block[]
  readonly discarded: readonly { readonly reason: string; readonly count: number }[]
  readonly warnings: readonly string[]
}

const stalled = ({ requests }: Slice): boolean => requests === 0
const refused = ({ failed }: Slice): boolean => failed > 0
const disturbed = ({ foreignCores }: Slice): boolean => (foreignCores ?? 0) > FOREIGN_CORES_MAX

/**
 * Leaves out blocks with an unusable slice, and those during which other processes used the machine.
 * If hardly any block was quiet, the noisy ones are kept with a warning, or nothing would be left.
 */
export function siftBlocks(blocks: readonly Block[]): Sifted {
  const answered = blocks.filter(({ slices }) => !slices.some(stalled))
  const good = answered.filter(({ slices }) => !slices.some(refused))
  const quiet = good.filter(({ slices }) => !slices.some(disturbed))
  const counts = Map.groupBy(quiet, ({ contender }) => contender)
  const contenders = new Set(good.map(({ contender }) => contender))
  const enough =
    quiet.length * 2 >= good.length &&
    [...contenders].every((arm) => (counts.get(arm)?.length ?? 0) >= BLOCKS_NEEDED)
  const discarded = [
    { reason: 'blocks with a slice without any answer', count: blocks.length - answered.length },
    { reason: 'blocks with answers of another status', count: answered.length - good.length },
    {
      reason: 'blocks during which other processes used more than 0.3 cores',
      count: enough ? good.length - quiet.length : 0,
    },
  ].filter(({ count }) => count > 0)
  const noisy = good.length - quiet.length
  return {
    blocks: enough ? quiet : good,
    discarded,
    warnings:
      enough || noisy === 0
        ? []
        : [`Other processes worked during ${noisy} of ${good.length} blocks; they were kept.`],
  }
}
