import type { UserRow } from '../collections.ts'
import type { UserView } from '../services.ts'

/** A user as shown to administrators: no password hash. */
export const userView = (row: UserRow, lastLoginAtMs: number | null): UserView => ({
  id: row.id,
  tenantId: row.tenantId,
  login: row.login,
  name: row.name,
  hasPassword: row.passwordHash !== null,
  disabled: row.disabled,
  metadata: row.metadata,
  createdAtMs: row.createdAtMs,
  updatedAtMs: row.updatedAtMs,
  lastLoginAtMs,
  version: row.version,
})
