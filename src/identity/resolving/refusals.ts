import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'

/**
 * Why a credential is not accepted. The client is never told the reason: it sees the same `credential_invalid` for all
 * of them.
 */
export const REASONS = {
  junk: 'not a credential of this gate',
  remembered: 'refused before',
  unknown: 'unknown id or wrong secret',
  environment: 'environment not accepted here',
  kind: 'refresh tokens are not for requests',
  revoked: 'revoked',
  disabled: 'disabled',
  expired: 'expired',
  idle: 'session idle for too long',
  owner: 'owner of the credential is gone or refused',
  user: 'user is gone or disabled',
  tenant: 'tenant is gone or suspended',
} as const

/** A key of {@link REASONS}. */
export type Reason = keyof typeof REASONS

/** The refusals, made in advance, so that refusing costs nothing. */
export const CREDENTIAL_REFUSALS = Object.fromEntries(
  Object.entries(REASONS).map(([reason, internal]) => [
    reason,
    Object.freeze(refuse('credential_invalid', { internal })),
  ]),
) as Readonly<Record<Reason, Refusal>>
