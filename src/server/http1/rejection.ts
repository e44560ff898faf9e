import type { RefusalCode } from '../../core/refusal.ts'
import type { UnreadableReason } from './unreadable.ts'

/** Why a listener itself turned a client away. A short, fixed list, suitable as a metric label. */
export type RejectionReason =
  | UnreadableReason
  /** The maximum number of requests was in flight. */
  | 'requests_max'
  /** The maximum number of connections was open, in total or from this address. */
  | 'connections_max'
  /** The TLS handshake failed: plain HTTP, junk, or no version, cipher or protocol in common. */
  | 'tls_handshake'
  /** The client presented no certificate although it must, or one from another authority. */
  | 'tls_certificate'
  /** The connection ended before the handshake did: a probe, or a client that does not trust the certificate. */
  | 'tls_abandoned'

/** A request or a connection that a listener itself turned away. Nothing in it comes from the client. */
export interface Rejection {
  readonly reason: RejectionReason
  readonly code: RefusalCode
  /** The peer's address. */
  readonly address: string
  /** Id of the listener's answer; `undefined` if it gave none, such as to a connection that was closed at once. */
  readonly requestId: string | undefined
  /** Whether a handler had the request before its body broke off; the handler then answers. */
  readonly isHandled: boolean
}
