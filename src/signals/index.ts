export { signalsConfig } from './config.ts'
export type { SignalsConfig } from './config.ts'
export { EXPOSITION_TYPE, renderSnapshot } from './exposition.ts'
export { CACHE_RESULT, createGateMetrics, LAYER_OUTCOME } from './gate-metrics.ts'
export type {
  CacheCount,
  CacheResult,
  DecisionCount,
  GateMetrics,
  GateMetricsOptions,
  LayerOutcome,
} from './gate-metrics.ts'
export { createHealth } from './health.ts'
export type { CheckResult, Health, HealthCheck, Liveness, Readiness } from './health.ts'
export { createLayerTimings } from './layer-timings.ts'
export type { LayerLatency, LayerTimings } from './layer-timings.ts'
export { declareLedgerMetrics } from './ledger-metrics.ts'
export type { LedgerReadings } from './ledger-metrics.ts'
export { LogLinearHistogram } from './log-linear.ts'
export type { LogLinearState } from './log-linear.ts'
export { LOG_LEVELS } from './log-level.ts'
export type { LogFields, LogLevel } from './log-level.ts'
export { createLogger } from './logger.ts'
export type { Logger, LoggerOptions, LogSink } from './logger.ts'
export { createMetrics } from './metrics.ts'
export type { Counter, FamilyOptions, Gauge, Histogram, Metrics } from './metrics.ts'
export { buildPerformanceReport, ROUTES_SHOWN } from './performance.ts'
export type {
  AllowListCount,
  CachePerformance,
  PerformanceReport,
  PerformanceSources,
} from './performance.ts'
export { createProcessReadings, declareProcessMetrics } from './process-metrics.ts'
export type { EventLoopDelay, MemoryUse, ProcessReadings } from './process-metrics.ts'
export { createRequestIds, RequestId } from './request-ids.ts'
export type { RequestIds } from './request-ids.ts'
export { DURATION_BOUNDS_SECONDS } from './request-metrics.ts'
export type { RouteCount } from './request-metrics.ts'
export { createRequestTally } from './request-tally.ts'
export type { RequestTally, TallyRoute } from './request-tally.ts'
export { mergeSnapshots } from './snapshot.ts'
export type { FamilySnapshot, MergeRule, MetricsSnapshot, SeriesSnapshot } from './snapshot.ts'
export { createTraces, parseTraceparent, parseTracestate } from './trace-context.ts'
export type { Trace, TraceParent, Traces } from './trace-context.ts'
export type { Sparse } from './sparse.ts'
export { createSparse } from './sparse.ts'
