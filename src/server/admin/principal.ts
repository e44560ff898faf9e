import type { PermissionSet } from '../../core/caller.ts'

/** The permission that lifts a credential out of its tenant: held by the role `operator`. */
export const OPERATE = 'tollgate.system:operate'

/** Who is administering: the root key, an operator (both in all tenants), or one tenant's own. */
export interface Principal {
  readonly kind: 'root' | 'key' | 'token' | 'session' | 'jwt'
  readonly id: string
  /** The tenant it is bound to; `undefined` for the root key and operators. */
  readonly tenantId: string | undefined
  /** The key that its token was made with. */
  readonly ownerId: string | undefined
  readonly userId: string | undefined
  readonly permissions: PermissionSet
}

const everything: PermissionSet = {
  has: () => true,
  explain: () => ({ role: 'root', permission: '*:*' }),
  list: () => ['*:*'],
}

/** The holder of the root key: every permission, in every tenant. */
export const rootPrincipal: Principal = Object.freeze({
  kind: 'root',
  id: 'root',
  tenantId: undefined,
  ownerId: undefined,
  userId: undefined,
  permissions: everything,
})
