import type { PermissionSet } from '../core/caller.ts'

/** Compiled permissions with the roles they came from. */
export interface CompiledGrant {
  readonly roles: readonly string[]
  readonly permissions: PermissionSet
}

/**
 * What identity needs of a policy: turning roles and permissions into a compiled set. Wired to
 * `createPolicy` by the server.
 */
export interface PermissionCompiler {
  compile(request: {
    readonly tenantId: string
    /** A user whose assigned roles count too. */
    readonly subjectId?: string | undefined
    readonly roles: readonly string[]
    readonly permissions: readonly string[]
    /** Narrows the grant to these patterns. */
    readonly scope?: readonly string[] | undefined
  }): CompiledGrant | Promise<CompiledGrant>
  /** Those of `roles` that do not exist for the tenant. */
  unknownRoles(tenantId: string, roles: readonly string[]): Promise<readonly string[]>
  /**
   * Hears of each change of roles, after it is stored and before it is acknowledged; `undefined`
   * means every tenant. Returns the function that ends the subscription.
   */
  onChange(listener: (tenantId: string | undefined) => void): () => void
}
