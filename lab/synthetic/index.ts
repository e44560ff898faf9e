export type { Delay, SyntheticCacheOptions, SyntheticOptions, SyntheticStats } from './options.ts'
export { startSyntheticServer } from './start.ts'
export type { SyntheticServer } from './start.ts'
