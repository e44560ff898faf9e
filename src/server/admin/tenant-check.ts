import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { AdminParts } from './parts.ts'

const ID = /^[\w.-]{1,64}$/

/** The refusal for a tenant that does not exist, and for one that the caller may not know of; the two look the same. */
export const noSuchTenant = (tenantId: string): Refusal =>
  refuse('not_found', {
    detail: ID.test(tenantId) ? `There is no tenant ${tenantId}.` : 'No such tenant.',
  })

/** Refuses a tenant that does not exist. */
export async function checkTenant(
  tenantId: string,
  { identity }: Pick<AdminParts, 'identity'>,
): Promise<Refusal | undefined> {
  const tenant = await identity.tenants.get(tenantId)
  return tenant.ok ? undefined : noSuchTenant(tenantId)
}
