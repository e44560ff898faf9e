import { createRandom } from '../../core/index.ts'
import type { ArmName } from './arm.ts'
import { judgeBudget } from './budget.ts'
import { cpuPerRequest, effectsOf, LOOKS, timePerRequest } from './effects.ts'
import { lossOf } from './loss.ts'
import type { Block, OverheadOptions } from './raw.ts'
import { siftBlocks } from './valid-blocks.ts'

/**
 * Whether a run may end after `rounds`. It may only at one of the looks that share the confidence, and only when
 * every budget of CPU and throughput is decided or, without budgets, when each interval is as narrow as
 * requested.
 */
export function isDecided(
  options: OverheadOptions,
  arms: readonly ArmName[],
  blocks: readonly Block[],
  rounds: number,
): boolean {
  if (rounds < options.blocksMin || !LOOKS.some((look) => look === rounds)) return false
  const good = siftBlocks(blocks).blocks
  const random = createRandom(rounds)
  const cpu = effectsOf(arms, good, cpuPerRequest, random)
  const throughput = effectsOf(arms, good, timePerRequest, random)
  const judged = options.budgets
    .filter(({ outcome }) => outcome === 'cpu' || outcome === 'throughput')
    .map((budget) => {
      const effects = budget.outcome === 'cpu' ? cpu : throughput
      const effect = effects.all.find(({ arm }) => arms[arm]?.name === budget.arm)
      const cost = budget.outcome === 'throughput' && effect !== undefined ? lossOf(effect) : effect
      return judgeBudget(budget, cost, effects.floor).verdict
    })
  if (judged.length > 0) return judged.every((verdict) => verdict !== 'inconclusive')
  const main = cpu.all.length > 0 ? cpu : throughput
  return (
    main.all.length > 0 &&
    main.all.every(({ interval }) => interval.high - interval.low <= 2 * options.precision)
  )
}
