import type { Experiment } from '../../core/index.ts'
import { analyzeCache } from './analyze.ts'
import type { CacheRaw } from './measure.ts'
import { measureCache } from './measure.ts'
import type { CacheOptions } from './options.ts'

/** How often a cache spares its origin, as the server reports it, and whether its answers are right. */
export const cacheExperiment: Experiment<CacheOptions, CacheRaw> = {
  kind: 'cache',
  title: 'Cache',
  measure: measureCache,
  analyze: (options, raw) => analyzeCache(options, raw),
}

export type { CacheRaw } from './measure.ts'
export type { CacheOptions } from './options.ts'
