import type { Answer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import type { ServerConnection } from '../listener.ts'
import type { Gathering } from './outbox.ts'
import type { HeadRules } from './parse-request-head.ts'
import type { UnreadableReason } from './request-head.ts'
import type { WebSocketDoor } from './web-socket-door.ts'

/** Answers a request. */
export type Handle = (
  request: IncomingRequest,
  connection: ServerConnection,
) => Answer | Promise<Answer>

/** What the connections of a listener share. */
export interface Http1World {
  readonly rules: HeadRules
  readonly bodyBytesMax: number
  /** Requests in flight at most. */
  readonly requestsMax: number
  /** Ticks that a connection may be idle for. */
  readonly idleTicks: number
  readonly gathering: Gathering
  readonly handle: Handle
  /** Takes WebSockets; without it, requests for them are like any other. */
  readonly webSockets: WebSocketDoor | undefined
  /** Something escaped the handler: a bug. */
  readonly onBug: (error: unknown) => Answer
  readonly onUnreadable: (address: string, status: number, reason: UnreadableReason) => void
  /** The time as time limits see it. */
  tick: number
  /** The Date field of this second, as a line. */
  dateLine: string
  /** No more requests are taken. */
  isDraining: boolean
  inFlight: number
  turnedAway: number
  unreadable: number
}

/** How often time limits are looked at. */
export const TICK_MS = 500

/** Ticks in a number of milliseconds, at least one. */
export const ticksOf = (ms: number): number => Math.max(1, Math.ceil(ms / TICK_MS))
