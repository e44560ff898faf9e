/** What an upstream reports as it happens, for logs and metrics. */
export type UpstreamEvent = { readonly upstream: string } & (
  | {
      /** A try failed; `final` if no other follows. */
      readonly kind: 'attempt_failed'
      /** Id of the request that was tried. */
      readonly requestId: string
      readonly target: string
      readonly failure: FailureKind
      readonly cause: string
      readonly final: boolean
    }
  | { readonly kind: 'retried'; readonly target: string; readonly attempt: number }
  | { readonly kind: 'retry_budget_spent' }
  | { readonly kind: 'target_ejected'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'target_healthy' | 'target_unhealthy'; readonly target: string }
  | { readonly kind: 'breaker'; readonly target: string; readonly state: BreakerState }
  | { readonly kind: 'overloaded'; readonly reason: 'queue_full' | 'queue_timeout' }
)

/** Why a try failed. `connect`: nothing was sent. */
export type FailureKind = 'connect' | 'timeout' | 'reset' | 'protocol' | 'status' | 'aborted'

/** `closed`: all requests pass; `open`: none; `half-open`: a few, as probes. */
export type BreakerState = 'closed' | 'open' | 'half-open'
