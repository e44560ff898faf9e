import type { PrefetchStats, ResponseStats } from '../../cache/index.ts'
import type { Outcome, RefusalCode } from '../../core/refusal.ts'
import type { CompileProblem, GatewayConfig, Pepper } from '../../gate/index.ts'
import type { DecisionLogStatus, ShadowReport } from '../../policy/index.ts'
import type { LayerTimings, MetricsSnapshot, PerformanceReport } from '../../signals/index.ts'
import type { UpstreamStats } from '../../upstream/index.ts'
import type { Explanation, ExplainRequest } from '../admin/index.ts'
import type { WireTraffic } from './traffic-wire.ts'

/** What a worker is started with. Secrets travel here and nowhere else. */
export interface StartMessage {
  readonly kind: 'start'
  /** Numbers the place that the worker takes, from 1. */
  readonly worker: number
  /** The configuration of the start: of the listener, and of all that only a restart changes. */
  readonly boot: GatewayConfig
  /** The configuration in force. */
  readonly config: GatewayConfig
  /** Where to listen, with the port that was found. */
  readonly address: string
  readonly peppers: readonly Pepper[]
}

/** A refusal that may lead to a ban; who was refused is told by ids alone. */
export interface WireViolation {
  readonly code: RefusalCode
  readonly address: string
  readonly callerId: string
  readonly tenantId: string
}

/** What a worker has seen since its last report. */
export interface Report {
  readonly traffic: readonly WireTraffic[]
  /** Traffic that it could not keep until now. */
  readonly dropped: number
  readonly violations: readonly WireViolation[]
}

/** The figures of a worker. */
export interface WorkerFigures {
  readonly metrics: MetricsSnapshot
  readonly performance: PerformanceReport
  readonly timings: ReturnType<LayerTimings['state']>
  readonly credentials: Readonly<Record<string, number>>
  readonly upstreams: readonly UpstreamStats[]
  readonly shadows: readonly ShadowReport[]
  readonly decisionLog: DecisionLogStatus | undefined
  /** Absent where no response is stored. */
  readonly responses: ResponseStats | undefined
  readonly prefetch: PrefetchStats | undefined
}

/** An answer as plain data. */
export interface WireAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** From the primary to a worker. */
export type ToWorker =
  | StartMessage
  /** It may listen: all others could as well. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'relay'; readonly message: unknown }
  | { readonly kind: 'apply'; readonly id: number; readonly config: GatewayConfig }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'explain'; readonly id: number; readonly asked: ExplainRequest }
  /** Reports up to this one have been taken in. */
  | { readonly kind: 'reported'; readonly count: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: WireAnswer | undefined }
  | { readonly kind: 'stop'; readonly deadlineMs: number }
  /** All that the worker said has arrived: it may end. */
  | { readonly kind: 'leave' }

/** From a worker to the primary. */
export type FromWorker =
  | { readonly kind: 'hello' }
  /** All that it needs stands: it could listen. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready' }
  /** It cannot start; `code` is that of a ListenError. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'relay'; readonly message: unknown }
  | { readonly kind: 'applied'; readonly id: number; readonly problems: readonly CompileProblem[] }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: WorkerFigures }
  | { readonly kind: 'explained'; readonly id: number; readonly outcome: Outcome<Explanation> }
  | ({ readonly kind: 'report' } & Report)
  /** Asks for `/health` and its like, which only the primary can tell. */
  | { readonly kind: 'ask'; readonly id: number; readonly path: string }
  | { readonly kind: 'stopped'; readonly finished: boolean }
