import type { TLSOptions } from 'bun'
import type { Answer } from '../../core/answer.ts'
import type { RequestIds } from '../../signals/index.ts'
import type { Rejection } from './rejection.ts'
import type { Handle } from './world.ts'

/** The options of a listener. */
export interface Http1ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly bodyBytesMax: number
  /** The most bytes of request bodies held in memory at once. Default: no limit. */
  readonly bodiesHeldBytesMax?: number
  readonly idleTimeoutMs: number
  /** The most requests in flight; more are turned away before any work is done for them. */
  readonly requestsMax: number
  /** The most connections; more are closed at once. Default: 20,000. */
  readonly connectionsMax?: number
  /** The most connections from one address (IPv6: from one /64). Default: no limit. */
  readonly connectionsPerAddressMax?: number
  /** The most bytes in the head of a request. Default: 16 KiB. */
  readonly headBytesMax?: number
  /** Whether requests for WebSockets are handed to a server that supports them. Default: `true`. */
  readonly webSockets?: boolean
  readonly reusePort: boolean
  readonly tls?: TLSOptions
  readonly handle: Handle
  /** Ids for answers that the listener itself makes. Default: its own ids. */
  readonly requestIds?: Pick<RequestIds, 'next'>
  /** Answers a request after an exception escaped the gate, which is a bug. The answer reveals no details. */
  readonly onBug: (error: unknown, requestId: string) => Answer
  /** Called for everything that the listener itself turns away. */
  readonly onRejected?: (rejection: Rejection) => void
  /** Calls `run` every `intervalMs` until the returned function is called. Default: `setInterval`. */
  readonly every?: (intervalMs: number, run: () => void) => () => void
}
