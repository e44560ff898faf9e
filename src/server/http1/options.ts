import type { TLSOptions } from 'bun'
import type { Answer } from '../../core/answer.ts'
import type { UnreadableReason } from './unreadable.ts'
import type { Handle } from './world.ts'

/** What a listener needs to know. */
export interface Http1ListenerOptions {
  readonly hostname: string
  readonly port: number
  readonly bodyBytesMax: number
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
  /** Something escaped the gate: a bug. Answers without telling anything. */
  readonly onBug: (error: unknown) => Answer
  /** A request could not be read, and was answered with `status`. */
  readonly onUnreadable?: (address: string, status: number, reason: UnreadableReason) => void
  /** Calls `run` every so many milliseconds until the returned function is called. Default `setInterval`. */
  readonly every?: (intervalMs: number, run: () => void) => () => void
}
