import type { Experiment } from '../../core/index.ts'
import { analyzeOverhead } from './analyze.ts'
import { measureOverhead } from './measure.ts'
import type { OverheadOptions, OverheadRaw } from './raw.ts'

export { readArms } from './arms-file.ts'
export { parseBudget } from './budget.ts'
export type { Budget } from './budget.ts'
export { BLOCKS_NEEDED, effectsOf } from './effects.ts'
export type { Arm, ArmName, ArmRole } from './arm.ts'
export type { ArmSource, OverheadOptions, OverheadRaw } from './raw.ts'

/** What each layer of a gate costs. */
export const overheadExperiment: Experiment<OverheadOptions, OverheadRaw> = {
  kind: 'overhead',
  title: 'What each layer costs',
  measure: measureOverhead,
  analyze: analyzeOverhead,
}
