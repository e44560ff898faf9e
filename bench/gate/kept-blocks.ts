import type { Block } from './abba.ts'
import type { Slice } from './slice.ts'
import { totalNs } from './cpu-time.ts'

/** The usable blocks of an arm. */
export interface KeptBlocks {
  readonly blocks: readonly Block<Slice>[]
  /** Number left out because a slice had no answer: other work had the processor all the time. */
  readonly stalled: number
  /** Number left out because records of the audit log were dropped, so that the gate did less than it promises. */
  readonly dropped: number
  /** Whether most were left out, so that the rest is too selective to be judged. */
  readonly isSpoilt: boolean
}

const KEPT_SHARE_MIN = 0.5

const slicesOf = ({ base, arm }: Block<Slice>): readonly Slice[] => [...base, ...arm]
const hasAnswers = ({ requests, cpu }: Slice): boolean => requests > 0 && totalNs(cpu) > 0

/** Leaves out blocks in which the servers did not do the work that is measured. */
export function keepBlocks(all: readonly Block<Slice>[]): KeptBlocks {
  const answered = all.filter((block) => slicesOf(block).every(hasAnswers))
  const blocks = answered.filter((block) => slicesOf(block).every(({ dropped }) => dropped === 0))
  return {
    blocks,
    stalled: all.length - answered.length,
    dropped: answered.length - blocks.length,
    isSpoilt: blocks.length === 0 || blocks.length < all.length * KEPT_SHARE_MIN,
  }
}
