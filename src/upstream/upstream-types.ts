import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'
import type { Refusal } from '../core/refusal.ts'
import type { UpstreamConfig } from './config.ts'
import type { UpstreamEvent } from './events.ts'
import type { ForwardOutcome, ForwardRequest } from './forward-request.ts'
import type { OpenLink } from './http1/link.ts'
import type { UpstreamStats } from './stats.ts'
import type { WebSocketBridge } from './websocket.ts'

/** A group of interchangeable targets. */
export interface Upstream {
  readonly name: string
  /**
   * Sends a request to one of the targets and returns its answer, or a refusal: `upstream_failed`
   * (502), `upstream_timeout` (504), `upstream_unavailable` (503). Never rejects.
   */
  forward(request: ForwardRequest): Promise<ForwardOutcome>
  /**
   * Opens a WebSocket to one of the targets, for a request that {@link isWebSocketUpgrade} recognizes. Upgrade the
   * client with the bridge's subprotocol, and pass the client's events to the bridge; if the upgrade fails, call the
   * bridge's `close`. Never rejects.
   */
  openWebSocket(request: ForwardRequest): Promise<WebSocketBridge | Refusal>
  stats(): UpstreamStats
}

/** The upstreams of one configuration. */
export interface Upstreams {
  get(name: string): Upstream | undefined
  stats(): readonly UpstreamStats[]
  /**
   * Stops the health checks and resolves once nothing is in flight; exchanges that are left after `deadlineMs` are cut
   * off. Call it on the old upstreams after a reload, and at shutdown.
   */
  close(deadlineMs: number): Promise<void>
}

/** What {@link Upstreams} are created with. */
export interface UpstreamsOptions {
  readonly config: Readonly<Record<string, UpstreamConfig>>
  readonly clock: Clock
  readonly random: Random
  /** Headers that carry credentials for the gate. Default: Authorization, X-Api-Key and Cookie. */
  readonly credentialHeaders?: readonly string[]
  /** Request headers by which the gate has judged requests, in lowercase; other spellings of them are not forwarded. */
  readonly judgedHeaders?: readonly string[]
  readonly onEvent?: (event: UpstreamEvent) => void
  /** Opens connections to targets; by default with the sockets of `node:net`. */
  readonly openLink?: OpenLink | undefined
}
