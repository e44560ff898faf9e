import type { Experiment } from '../../core/index.ts'
import { analyzeLeak } from './analyze.ts'
import { measureLeak } from './measure.ts'
import type { LeakOptions, LeakRaw } from './raw.ts'

export { WINDOWS_MIN } from './growth.ts'
export type { LeakOptions, LeakRaw, LeakSubject, MemorySource } from './raw.ts'

/** Whether memory grows with the number of requests. */
export const leakExperiment: Experiment<LeakOptions, LeakRaw> = {
  kind: 'leak',
  title: 'Whether memory leaks',
  measure: measureLeak,
  analyze: analyzeLeak,
}
