import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'
import type { Refusal } from '../core/refusal.ts'
import type { UpstreamConfig } from './config.ts'
import type { UpstreamEvent } from './events.ts'
import type { ForwardOutcome, ForwardRequest } from './forward-request.ts'
import type { OpenLink } from './http1/link.ts'
import type { UpstreamStats } from './stats.ts'
import type { WebSocketBridge } from './websocket.ts'

/** A group of targets that answer alike. */
export interface Upstream {
  readonly name: string
  /**
   * Sends a request to one of the targets and returns its answer, or a refusal: `upstream_failed`
   * (502), `upstream_timeout` (504), `upstream_unavailable` (503). Never rejects.
   */
  forward(request: ForwardRequest): Promise<ForwardOutcome>
  /**
   * Opens a WebSocket to one of the targets, for a request that {@link isWebSocketUpgrade} recognizes.
   * Upgrade the client with the bridge's subprotocol and hand it the client's events; when that
   * fails, call its `close`. Never rejects.
   */
  openWebSocket(request: ForwardRequest): Promise<WebSocketBridge | Refusal>
  stats(): UpstreamStats
}

/** The upstreams of one configuration. */
export interface Upstreams {
  get(name: string): Upstream | undefined
  stats(): readonly UpstreamStats[]
  /**
   * Stops the health checks and resolves once nothing is in flight; what is left after `deadlineMs`
   * is cut off. Call it on the old upstreams after a reload, and at shutdown.
   */
  close(deadlineMs: number): Promise<void>
}

/** What upstreams need from the world. */
export interface UpstreamsOptions {
  readonly config: Readonly<Record<string, UpstreamConfig>>
  readonly clock: Clock
  readonly random: Random
  /** Headers that carry credentials for the gate; default Authorization, X-Api-Key and Cookie. */
  readonly credentialHeaders?: readonly string[]
  /** Request headers that somebody has judged by, in lowercase: other spellings of them are left out. */
  readonly judgedHeaders?: readonly string[]
  readonly onEvent?: (event: UpstreamEvent) => void
  /** What opens connections to targets; default: with the sockets of `node:net`. */
  readonly openLink?: OpenLink | undefined
}
