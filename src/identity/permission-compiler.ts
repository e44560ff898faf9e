import type { PermissionSet } from '../core/caller.ts'

/** Compiled permissions, with the roles that they came from. */
export interface CompiledGrant {
  readonly roles: readonly string[]
  readonly permissions: PermissionSet
}

/**
 * What identity needs from a policy: compiling roles and permissions to a set. The server connects it to
 * `createPolicy`.
 */
export interface PermissionCompiler {
  compile(request: {
    readonly tenantId: string
    /** A user whose assigned roles are included. */
    readonly subjectId?: string | undefined
    readonly roles: readonly string[]
    readonly permissions: readonly string[]
    /** Narrows the grant to these patterns. */
    readonly scope?: readonly string[] | undefined
  }): CompiledGrant | Promise<CompiledGrant>
  /** Those of `roles` that do not exist for the tenant. */
  unknownRoles(tenantId: string, roles: readonly string[]): Promise<readonly string[]>
  /**
   * Calls back with each change of roles, after it is stored and before it is acknowledged; `undefined` means every
   * tenant. Returns a function that ends the subscription.
   */
  onChange(listener: (tenantId: string | undefined) => void): () => void
}
