import type { Experiment } from '../../core/index.ts'
import { analyzeLoad } from './analyze.ts'
import type { LoadRaw } from './measure.ts'
import { measureLoad } from './measure.ts'
import type { LoadOptions } from './options.ts'

/** Load of a given shape, checked against thresholds. */
export const loadExperiment: Experiment<LoadOptions, LoadRaw> = {
  kind: 'load',
  title: 'Load',
  measure: measureLoad,
  analyze: analyzeLoad,
}

export type { LoadOptions } from './options.ts'
export type { LoadRaw } from './measure.ts'
