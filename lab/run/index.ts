export { judgeRecord, runExperiment, toLabRecord } from './run.ts'
export type { RecordHead, RunContext } from './run.ts'
export { settle } from './settle.ts'
