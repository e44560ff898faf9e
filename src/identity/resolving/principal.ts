import type { Caller, CallerKind } from '../../core/caller.ts'
import { newCaller } from '../../core/caller.ts'
import type { AddressMatcher } from '../../core/address.ts'
import { compileAddressMatcher } from '../../core/address.ts'
import type { Records } from '../../storage/index.ts'
import { tenantCollection, userCollection } from '../collections.ts'
import type { KeyRow } from '../collections.ts'
import type { PermissionCompiler } from '../permission-compiler.ts'
import type { Dependencies } from './credential-table.ts'
import type { Fence } from './fences.ts'
import { createInterner } from './interner.ts'
import type { Reason } from './refusals.ts'

/** Whose rights a credential carries, before tenant, user and roles are checked. */
export interface Principal {
  /** The id of the caller. */
  readonly id: string
  readonly kind: CallerKind
  readonly tenantId: string
  /** What else ends the credential: its token family, its owning key; empty for none. */
  readonly familyId: string
  readonly ownerId: string
  readonly userId: string | null
  /** Whether the user's assigned roles are included. */
  readonly actsAsUser: boolean
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly scope: readonly string[] | null
  readonly plan: string | null
  readonly limits: Readonly<Record<string, number>> | null
  readonly allowedCidrs: readonly string[]
  readonly expiresAtMs: number
}

/** A caller, with what it depends on. */
export interface LoadedCaller {
  readonly caller: Caller
  readonly dependencies: Dependencies
}

/** Turns a principal into a caller, or says why not. */
export type CallerMaker = (principal: Principal, fence: Fence) => Promise<LoadedCaller | Reason>

/** Why an API key itself must be refused at `nowMs`, if it must. */
export function keyRefusal(row: KeyRow, nowMs: number): Reason | undefined {
  if (row.revokedAtMs !== null) return 'revoked'
  if (row.disabled) return 'disabled'
  return row.expiresAtMs !== null && row.expiresAtMs <= nowMs ? 'expired' : undefined
}

/** The principal of an API key. */
export const keyPrincipal = (row: KeyRow, expiresAtMs: number): Principal => ({
  id: row.id,
  kind: 'key',
  tenantId: row.tenantId,
  familyId: row.id,
  ownerId: '',
  userId: row.userId,
  actsAsUser: false,
  roles: row.roles,
  permissions: row.permissions,
  scope: null,
  plan: row.plan,
  limits: row.limits,
  allowedCidrs: row.allowedCidrs,
  expiresAtMs,
})

const INTERNED_MAX = 10_000

/**
 * Creates the {@link CallerMaker}: reads the tenant and the user, refuses if either is gone, suspended or disabled, and
 * compiles the permissions. Equal texts and address lists are shared between callers.
 */
export function createCallerMaker(records: Records, permissions: PermissionCompiler): CallerMaker {
  const internText = createInterner<string>(INTERNED_MAX)
  const internAddresses = createInterner<AddressMatcher>(INTERNED_MAX)
  const intern = (text: string): string => internText(text, () => text)
  return async (principal, fence) => {
    fence.dependsOn(principal.tenantId)
    const tenant = await records.global(tenantCollection).get(principal.tenantId)
    if (tenant === undefined || tenant.status !== 'active') return 'tenant'
    const { userId } = principal
    if (userId !== null) {
      fence.dependsOn(userId)
      const user = await records.tenant(principal.tenantId, userCollection).get(userId)
      if (user === undefined || user.disabled) return 'user'
    }
    const granted = permissions.compile({
      tenantId: principal.tenantId,
      subjectId: principal.actsAsUser && userId !== null ? userId : undefined,
      roles: principal.roles,
      permissions: principal.permissions,
      scope: principal.scope ?? undefined,
    })
    const grant = granted instanceof Promise ? await granted : granted
    const plan = principal.plan ?? tenant.plan
    const cidrs = principal.allowedCidrs
    const caller = newCaller({
      kind: principal.kind,
      id: principal.id,
      tenantId: intern(principal.tenantId),
      ownerId: principal.ownerId === '' ? undefined : intern(principal.ownerId),
      userId: userId === null ? undefined : intern(userId),
      roles: grant.roles,
      permissions: grant.permissions,
      plan: plan === null ? undefined : intern(plan),
      limits: principal.limits ?? undefined,
      expiresAtMs: principal.expiresAtMs,
      allowsAddress:
        cidrs.length === 0
          ? undefined
          : internAddresses(cidrs.join(' '), () => compileAddressMatcher(cidrs)),
    })
    const { familyId, ownerId, tenantId } = principal
    return { caller, dependencies: [familyId, ownerId, userId ?? '', tenantId] }
  }
}
