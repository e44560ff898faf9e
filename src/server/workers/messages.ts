import type { PrefetchStats, ResponseStats } from '../../cache/index.ts'
import type { Outcome, RefusalCode } from '../../core/refusal.ts'
import type { CompileProblem, GatewayConfig, Pepper } from '../../gate/index.ts'
import type { DecisionLogStatus, ShadowReport } from '../../policy/index.ts'
import type { LayerTimings, MetricsSnapshot, PerformanceReport } from '../../signals/index.ts'
import type { UpstreamStats } from '../../upstream/index.ts'
import type { Explanation, ExplainRequest } from '../admin/index.ts'
import type { WireTraffic } from './traffic-wire.ts'

/** What a worker is started with. Secrets are sent in this message and nowhere else. */
export interface StartMessage {
  readonly kind: 'start'
  /** The number of the worker's seat, from 1. */
  readonly worker: number
  /** The configuration at start: for the listener, and for everything that only a restart changes. */
  readonly boot: GatewayConfig
  /** The configuration in force. */
  readonly config: GatewayConfig
  /** Where to listen, with the actual port. */
  readonly address: string
  readonly peppers: readonly Pepper[]
}

/** A refusal that may lead to a ban; the refused caller is identified only by ids. */
export interface WireViolation {
  readonly code: RefusalCode
  readonly address: string
  readonly callerId: string
  readonly tenantId: string
}

/** What a worker has seen since its last report. */
export interface Report {
  readonly traffic: readonly WireTraffic[]
  /** The number of traffic records that it had to drop. */
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
  /** `undefined` if no responses are stored. */
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
  /** The worker may listen: all others are able to, as well. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'relay'; readonly message: unknown }
  | { readonly kind: 'apply'; readonly id: number; readonly config: GatewayConfig }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'explain'; readonly id: number; readonly asked: ExplainRequest }
  /** Reports up to this one have been processed. */
  | { readonly kind: 'reported'; readonly count: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: WireAnswer | undefined }
  | { readonly kind: 'stop'; readonly deadlineMs: number }
  /** Everything that the worker sent has arrived: it may end. */
  | { readonly kind: 'leave' }

/** From a worker to the primary. */
export type FromWorker =
  | { readonly kind: 'hello' }
  /** The worker has everything it needs, and is able to listen. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready' }
  /** The worker cannot start; `code` is that of a ListenError. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'relay'; readonly message: unknown }
  | { readonly kind: 'applied'; readonly id: number; readonly problems: readonly CompileProblem[] }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: WorkerFigures }
  | { readonly kind: 'explained'; readonly id: number; readonly outcome: Outcome<Explanation> }
  | ({ readonly kind: 'report' } & Report)
  /** Asks for `/health` and the like, which only the primary can answer. */
  | { readonly kind: 'ask'; readonly id: number; readonly path: string }
  | { readonly kind: 'stopped'; readonly finished: boolean }
