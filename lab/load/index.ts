export { cacheClassOf } from './engine/cache-class.ts'
export type { CacheClass } from './engine/cache-class.ts'
export { createPacer } from './engine/pacer.ts'
export type { Pacer } from './engine/pacer.ts'
export { takeAim } from './aim.ts'
export type { Aim, Aimed } from './aim.ts'
export type { ClosedModel, LoadJob, LoadPlan, OpenModel } from './job.ts'
export { planLoad, singleRequest } from './plan-load.ts'
export type { LoadWish, SingleRequest } from './plan-load.ts'
export type { ArrivalKind } from './plan/arrivals.ts'
export { arrivalsOf, levelAt, peakOf, profileMs } from './plan/profile.ts'
export type { Profile, Segment } from './plan/profile.ts'
export { SHAPES, isShapeName } from './plan/shapes.ts'
export type { ShapeName, ShapeOptions } from './plan/shapes.ts'
export { loadExhibits } from './result/exhibits.ts'
export { loadFigures, percentileFigure } from './result/figures.ts'
export { mergeResults, mergeStored } from './result/merge.ts'
export type {
  ClassData,
  LoadResult,
  RequestResult,
  WindowData,
  WorkerResult,
} from './result/result.ts'
export {
  generatorDoubt,
  isGeneratorBound,
  loadTrust,
  quantileIntervals,
  summarizeLoad,
} from './result/summary.ts'
export type { LoadSummary } from './result/summary.ts'
export { judgeThreshold, parseThreshold } from './result/thresholds.ts'
export type { Finding, Threshold } from './result/thresholds.ts'
export { runLoad } from './run-load.ts'
export type { RunOptions } from './run-load.ts'
export { isLoopback, readTarget } from './target.ts'
export type { Target, TargetOptions, TlsOptions } from './target.ts'
export type { Watcher } from './watch.ts'
export { Connection } from './wire/connection.ts'
export type { BrokenKind, ConnectionEvents } from './wire/connection.ts'
export { requestBytes } from './wire/request-bytes.ts'
export type { RemoteWorkerAddress } from './worker/remote.ts'
export { serveWorker } from './worker/server.ts'
export type { WorkerServer, WorkerServerOptions } from './worker/server.ts'
