import type { RefusalCode } from '../../core/refusal.ts'
import type { UnreadableReason } from './unreadable.ts'

/** Why a listener turned somebody away by itself: a short, fixed list, so that it can be counted by. */
export type RejectionReason =
  | UnreadableReason
  /** As many requests as may be were in flight. */
  | 'requests_max'
  /** As many connections as may be were open, in all or of this address. */
  | 'connections_max'
  /** Client and server found no way to speak TLS: plain HTTP, junk, no version, cipher or protocol in common. */
  | 'tls_handshake'
  /** The client showed no certificate where it must, or one of another authority. */
  | 'tls_certificate'
  /** The connection ended before there was a session: a probe, or a client that does not trust the certificate. */
  | 'tls_abandoned'

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
