import type { KeyRow } from '../collections.ts'
import type { CredentialFormat } from '../credentials/format.ts'
import type { CredentialStatus, KeyEnvironment, KeyView } from '../services.ts'

function statusOf(row: KeyRow, nowMs: number): CredentialStatus {
  if (row.revokedAtMs !== null) return 'revoked'
  if (row.expiresAtMs !== null && row.expiresAtMs <= nowMs) return 'expired'
  return row.disabled ? 'disabled' : 'active'
}

/** A key as shown to administrators: no secret, no digest. */
export function keyView(
  row: KeyRow,
  format: CredentialFormat,
  nowMs: number,
  lastUsedAtMs: number | null,
): KeyView {
  const environment: KeyEnvironment = row.environment === 'test' ? 'test' : 'live'
  const overlaps = row.previousExpiresAtMs !== null && row.previousExpiresAtMs > nowMs
  return {
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    start: format.start(environment, row.publicId),
    environment,
    status: statusOf(row, nowMs),
    userId: row.userId,
    roles: row.roles,
    permissions: row.permissions,
    allowedCidrs: row.allowedCidrs,
    limits: row.limits,
    plan: row.plan,
    metadata: row.metadata,
    expiresAtMs: row.expiresAtMs,
    revokedAtMs: row.revokedAtMs,
    createdBy: row.createdBy,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
    lastUsedAtMs,
    rotatedAtMs: row.rotatedAtMs,
    previousExpiresAtMs: overlaps ? row.previousExpiresAtMs : null,
    version: row.version,
  }
}
