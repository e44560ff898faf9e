export { upstreamConfig } from './config.ts'
export type { UpstreamConfig, UpstreamConfigInput } from './config.ts'
export type { BreakerState, FailureKind, UpstreamEvent } from './events.ts'
export { FETCH_CAPACITY, FETCH_CAPACITY_VARIABLE, fetchCapacityProblem } from './fetch-capacity.ts'
export { isRefusal } from './forward-request.ts'
export type { ForwardOutcome, ForwardRequest, Timeouts } from './forward-request.ts'
export { identityHeaders } from './identity-headers.ts'
export type { IdentityHeaderOptions } from './identity-headers.ts'
export type { TargetStats, UpstreamStats } from './stats.ts'
export type {
  FetchLike,
  Upstream,
  Upstreams,
  UpstreamsOptions,
  WebSocketTarget,
} from './upstream-types.ts'
export { createUpstreams } from './upstreams.ts'
