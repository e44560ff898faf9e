import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { AdminParts } from './parts.ts'
import type { Principal } from './principal.ts'

/** The rights that would be granted: roles and permissions, and those that a user holds by assignment. */
export interface Handover {
  readonly roles?: readonly string[]
  readonly permissions?: readonly string[]
  readonly userId?: string | null | undefined
}

/**
 * Refuses to grant more than the caller holds: to make a key, see a new secret of one, set a password or assign a role,
 * the caller must have every permission that comes with it.
 */
export async function refuseExcess(
  parts: Pick<AdminParts, 'policy'>,
  principal: Principal,
  tenantId: string,
  handover: Handover,
): Promise<Refusal | undefined> {
  if (principal.kind === 'root') return undefined
  const { userId } = handover
  const assigned =
    userId === null || userId === undefined
      ? []
      : (await parts.policy.assignments.list(tenantId, userId)).map((assignment) => assignment.role)
  const roles = [...(handover.roles ?? []), ...assigned]
  const permissions = handover.permissions ?? []
  const excess = await parts.policy.excess(principal.permissions, tenantId, roles, permissions)
  if (excess.length === 0) return undefined
  const detail = 'This would hand on permissions that you do not hold yourself.'
  return refuse('permission_denied', { detail, extra: { permissions: excess } })
}
