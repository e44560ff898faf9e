import type { Experiment } from '../../core/index.ts'
import { analyzeScale } from './analyze.ts'
import { measureScale } from './measure.ts'
import type { ScaleOptions, ScaleRaw } from './raw.ts'

export type { ScaleOptions, ScaleRaw, ScaleSubject } from './raw.ts'

/** How throughput grows with the number of instances. */
export const scaleExperiment: Experiment<ScaleOptions, ScaleRaw> = {
  kind: 'scale',
  title: 'How throughput grows with instances',
  measure: measureScale,
  analyze: analyzeScale,
}
