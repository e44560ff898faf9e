import type { Experiment } from '../../core/index.ts'
import { analyzeMicro } from './analyze.ts'
import { measureMicro } from './measure.ts'
import type { MicroOptions, MicroRaw } from './raw.ts'

export { parseMicroBudget } from './budget.ts'
export { defineMicro } from './define.ts'
export type { MicroCase, MicroSubject } from './define.ts'
export type { MicroOptions, MicroRaw } from './raw.ts'

/** What single operations take. */
export const microExperiment: Experiment<MicroOptions, MicroRaw> = {
  kind: 'micro',
  title: 'What single operations take',
  measure: measureMicro,
  analyze: analyzeMicro,
}
