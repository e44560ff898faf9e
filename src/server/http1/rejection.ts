import type { RefusalCode } from '../../core/refusal.ts'
import type { UnreadableReason } from './unreadable.ts'

/** Why a listener turned somebody away by itself: a short, fixed list, so that it can be counted by. */
export type RejectionReason =
  | UnreadableReason
  /** As many requests as may be were in flight. */
  | 'requests_max'
  /** As many connections as may be were open, in all or of this address. */
  | 'connections_max'

/** A request or a connection that a listener turned away by itself. Nothing in it was said by the client. */
export interface Rejection {
  readonly reason: RejectionReason
  readonly code: RefusalCode
  /** Of the peer. */
  readonly address: string
  /** Id of the listener's answer; `undefined` where it gave none, as to a connection that was closed at once. */
  readonly requestId: string | undefined
  /** Whether a handler had the request before its body broke off: that one knows, and answers. */
  readonly isHandled: boolean
}
