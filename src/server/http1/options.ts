import type { TLSOptions } from 'bun'
import type { Answer } from '../../core/answer.ts'
import type { RequestIds } from '../../signals/index.ts'
import type { Rejection } from './rejection.ts'
import type { Handle } from './world.ts'

/** What a listener needs to know. */
export interface Http1ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly bodyBytesMax: number
  /** Bytes of bodies held in memory at once, at most. Default no limit. */
  readonly bodiesHeldBytesMax?: number
  readonly idleTimeoutMs: number
  /** Requests in flight at most: more are turned away before anything is done for them. */
  readonly requestsMax: number
  /** Connections at most: more are closed at once. Default 20,000. */
  readonly connectionsMax?: number
  /** Connections of one address (IPv6: of one /64) at most. Default no limit. */
  readonly connectionsPerAddressMax?: number
  /** Bytes of a request's head at most. Default 16 KiB. */
  readonly headBytesMax?: number
  /** Whether requests for WebSockets are handed to a server that can have them. Default true. */
  readonly webSockets?: boolean
  readonly reusePort: boolean
  readonly tls?: TLSOptions
  readonly handle: Handle
  /** Ids of answers that the listener makes by itself. Default ids of its own. */
  readonly requestIds?: Pick<RequestIds, 'next'>
  /** Something escaped the gate: a bug. Answers without telling anything. */
  readonly onBug: (error: unknown, requestId: string) => Answer
  /** Told of everything that the listener turns away by itself. */
  readonly onRejected?: (rejection: Rejection) => void
  /** Calls `run` every so many milliseconds until the returned function is called. Default `setInterval`. */
  readonly every?: (intervalMs: number, run: () => void) => () => void
}
