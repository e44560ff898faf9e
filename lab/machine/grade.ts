import type { Trust } from '../core/index.ts'
import type { Usage } from './usage.ts'

/** Other work on more than this many cores shows in every figure. */
const NOISY_CORES = 0.3
/** If other processes use this share of the machine, the figures are about them. */
const UNUSABLE_SHARE = 0.5

/** How quiet the machine was, with a warning for each disturbance. */
export function gradeOf(
  usage: Usage,
  cores: number,
): { readonly grade: Trust['grade']; readonly warnings: readonly string[] } {
  const { foreignCores, stolenCores } = usage
  const taken = (foreignCores ?? 0) + (stolenCores ?? 0)
  const warnings = [
    ...(foreignCores === null ? ['This system does not say how busy it is with other work.'] : []),
    ...(foreignCores !== null && foreignCores > NOISY_CORES
      ? [`Other processes used ${foreignCores.toFixed(2)} of ${cores} cores.`]
      : []),
    ...(stolenCores !== null && stolenCores > NOISY_CORES / 2
      ? [`The host took ${stolenCores.toFixed(2)} of ${cores} cores for other machines.`]
      : []),
  ]
  if (taken > UNUSABLE_SHARE * cores) return { grade: 'unusable', warnings }
  return { grade: warnings.length > 0 ? 'noisy' : 'quiet', warnings }
}
