import type { Experiment } from '../../core/index.ts'
import { analyzeProfile } from './analyze.ts'
import { measureProfile } from './measure.ts'
import type { ProfileOptions, ProfileRaw } from './raw.ts'

export type { ProfileOptions, ProfileRaw } from './raw.ts'
export { readProfile } from './stored-profile.ts'

/** Where time and memory go under load. */
export const profileExperiment: Experiment<ProfileOptions, ProfileRaw> = {
  kind: 'profile',
  title: 'Where time and memory go',
  measure: measureProfile,
  analyze: analyzeProfile,
}
