import type { RefusalCode } from '../../core/refusal.ts'
import type { RejectionReason } from './rejection.ts'

/** Why there is no TLS session: the reason to record, and the refusal code. */
export interface HandshakeFailure {
  readonly reason: Extract<RejectionReason, `tls_${string}`>
  readonly code: RefusalCode
}

const NOT_TLS: HandshakeFailure = { reason: 'tls_handshake', code: 'bad_request' }
const NO_CERTIFICATE: HandshakeFailure = { reason: 'tls_certificate', code: 'credential_missing' }
const BAD_CERTIFICATE: HandshakeFailure = { reason: 'tls_certificate', code: 'credential_invalid' }
const ABANDONED: HandshakeFailure = { reason: 'tls_abandoned', code: 'bad_request' }

/** What a socket reports at the end of its handshake. */
export interface HandshakeEnd {
  readonly isDone: boolean
  readonly isAuthorized: boolean
  readonly error: Error | null
}

/**
 * Why a handshake failed; `undefined` if it succeeded.
 *
 * @param needsCertificate whether clients must present a certificate from the configured authority.
 */
export function failureOfHandshake(
  { isDone, isAuthorized, error }: HandshakeEnd,
  needsCertificate: boolean,
): HandshakeFailure | undefined {
  if (isDone)
    return !needsCertificate || (isAuthorized && error === null) ? undefined : BAD_CERTIFICATE
  // All protocol errors of the TLS library are EPROTO; anything else means that the connection ended.
  if (error === null || !('code' in error) || error.code !== 'EPROTO') return ABANDONED
  return error.message.includes('PEER_DID_NOT_RETURN_A_CERTIFICATE') ? NO_CERTIFICATE : NOT_TLS
}
