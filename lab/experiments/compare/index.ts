import type { Experiment } from '../../core/index.ts'
import { analyzeCompare } from './analyze.ts'
import { measureCompare } from './measure.ts'
import type { CompareOptions, CompareRaw } from './raw.ts'

export { readHistory } from './history.ts'
export type { ReadHistory } from './history.ts'
export { readStoredRun } from './stored-run.ts'
export type { StoredRun } from './stored-run.ts'
export type { Baseline, CompareOptions, CompareRaw } from './raw.ts'

/** Whether a server got slower. */
export const compareExperiment: Experiment<CompareOptions, CompareRaw> = {
  kind: 'compare',
  title: 'Whether it got slower',
  measure: measureCompare,
  analyze: analyzeCompare,
}
