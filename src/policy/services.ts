import type { PermissionSet } from '../core/caller.ts'
import type { Outcome } from '../core/refusal.ts'
import type { Page } from '../storage/index.ts'
import type { PolicyConfig } from './config.ts'

/** Where a role comes from: shipped with Tollgate, written in the configuration, or a tenant's own. */
export type RoleOrigin = 'built-in' | 'configuration' | 'tenant'

/** A role as shown to administrators. */
export interface RoleView {
  readonly name: string
  readonly description: string
  /** Permission patterns that the role itself grants. */
  readonly permissions: readonly string[]
  /** Names of the roles that it inherits permissions from. */
  readonly inherits: readonly string[]
  readonly origin: RoleOrigin
  /** Version for `ifVersion`; 0 for roles that are not stored. */
  readonly version: number
}

/** What a tenant provides to create a role. */
export interface RoleInput {
  readonly name: string
  readonly description?: string | undefined
  readonly permissions?: readonly string[] | undefined
  readonly inherits?: readonly string[] | undefined
}

/** What may be changed in a tenant's role. Absent fields stay as they are. */
export type RolePatch = Omit<RoleInput, 'name'>

/** A role that a subject (a user) holds within a tenant. */
export interface AssignmentView {
  readonly subjectId: string
  readonly role: string
  readonly createdAtMs: number
}

/** The state before and after a change, for the audit log; `undefined` where it did not exist. */
export interface RoleChange<V> {
  readonly before: V | undefined
  readonly after: V | undefined
}

/** Applies a change only to the version the caller has seen (`If-Match`). */
export interface RoleVersion {
  readonly ifVersion?: number | undefined
}

/** A bounded part of a list. `limit` defaults to 100 and is at most 1000. */
export interface RoleListQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/**
 * Roles of a tenant. `list` and `get` also return the built-in and configured roles that every tenant has. Refuses with
 * `request_invalid` (a bad pattern, an unknown parent, a cycle: `extra.cycle`), `conflict` (the name is taken),
 * `not_found`, `precondition_failed` (the version differs).
 */
export interface RoleService {
  list(tenantId: string, query?: RoleListQuery): Promise<Page<RoleView>>
  get(tenantId: string, name: string): Promise<Outcome<RoleView>>
  create(tenantId: string, input: RoleInput): Promise<Outcome<RoleChange<RoleView>>>
  update(
    tenantId: string,
    name: string,
    patch: RolePatch,
    version?: RoleVersion,
  ): Promise<Outcome<RoleChange<RoleView>>>
  /** Removes a role and its assignments; refuses with `conflict` while another role inherits it. */
  delete(
    tenantId: string,
    name: string,
    version?: RoleVersion,
  ): Promise<Outcome<RoleChange<RoleView>>>
}

/** Which roles a subject holds within a tenant. */
export interface AssignmentService {
  /** The assignments of a subject. */
  list(tenantId: string, subjectId: string): Promise<readonly AssignmentView[]>
  /** The holders of a role. */
  holders(tenantId: string, role: string, query?: RoleListQuery): Promise<Page<AssignmentView>>
  /** Refuses with `not_found` when the tenant has no such role, and `conflict` when it is already assigned. */
  assign(
    tenantId: string,
    subjectId: string,
    role: string,
  ): Promise<Outcome<RoleChange<AssignmentView>>>
  unassign(
    tenantId: string,
    subjectId: string,
    role: string,
  ): Promise<Outcome<RoleChange<AssignmentView>>>
}

/** Whose permissions to compile. */
export interface GrantRequest {
  readonly tenantId: string
  /** A subject whose assigned roles are included. */
  readonly subjectId?: string | undefined
  readonly roles: readonly string[]
  /** Permission patterns granted directly. */
  readonly permissions: readonly string[]
  /** When present, only permissions that also match one of these patterns are granted. */
  readonly scope?: readonly string[] | undefined
}

/** Compiled permissions, and the roles that they came from; both are interned, so that callers share them. */
export interface Grant {
  readonly roles: readonly string[]
  readonly permissions: PermissionSet
}

/** A named list of exact paths or names. */
export interface AllowList {
  readonly name: string
  readonly size: number
  /** Whether `value`, normalized as the list requires, is on it; false for a value that cannot be normalized. */
  has(value: string): boolean
}

/** Why a permission is granted or not: part of an explained decision. */
export interface PermissionExplanation {
  readonly permission: string
  readonly allowed: boolean
  /** The role that grants it; `(direct)` for a permission granted to the credential itself. */
  readonly role: string | undefined
  /** The pattern that matched. */
  readonly matched: string | undefined
  /** Revision of the policy that decided. */
  readonly revision: number
}

/** Roles, assignments, compiled permissions and allow-lists. */
export interface Policy {
  readonly roles: RoleService
  readonly assignments: AssignmentService
  /** Compiles roles and direct permissions; synchronous when the tenant's roles are in memory. */
  compile(request: GrantRequest): Grant | Promise<Grant>
  /** Those of `roles` that neither the tenant nor the installation defines. */
  unknownRoles(tenantId: string, roles: readonly string[]): Promise<readonly string[]>
  /**
   * What `granter` may not hand on: the patterns that `roles` and `permissions` would grant but it lacks. Empty means
   * that it may grant all of them. Check this before a caller creates keys, roles or assignments.
   */
  excess(
    granter: PermissionSet,
    tenantId: string,
    roles: readonly string[],
    permissions: readonly string[],
  ): Promise<readonly string[]>
  explain(permissions: PermissionSet, permission: string): PermissionExplanation
  /** The allow-list of that name, or `undefined`. */
  allowList(name: string): AllowList | undefined
  /** Grows with each change of roles or assignments seen by this instance. */
  revision(): number
  /** Called with each change after it is stored and before it is acknowledged; `undefined` means all tenants. */
  onChange(listener: (tenantId: string | undefined) => void): () => void
  /**
   * Applies a new configuration (roles and allow-lists) in one step. Throws an `AllowListError` and changes nothing
   * when an allow-list cannot be read or compiled.
   *
   * @returns a function that restores what was in force before, without reading a file again.
   */
  configure(config: PolicyConfig): () => void
  /** Ends the subscription to changes made by other instances. */
  close(): void
}
