import type { PermissionSet } from '../../core/caller.ts'

/** The permission that frees a credential from its tenant; the role `operator` holds it. */
export const OPERATE = 'tollgate.system:operate'

/** Who is administering: the root key or an operator (both in all tenants), or an administrator of one tenant. */
export interface Principal {
  readonly kind: 'root' | 'key' | 'token' | 'session' | 'jwt'
  readonly id: string
  /** The tenant that it is bound to; `undefined` for the root key and operators. */
  readonly tenantId: string | undefined
  /** The key with which its token was made. */
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
