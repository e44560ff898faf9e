import type { PermissionSet } from '../core/caller.ts'
import { findGranting, intersect } from './permission.ts'

/** A pattern, and the role that it comes from. */
export interface RoleGrant {
  readonly role: string
  readonly pattern: string
}

/**
 * How many answers are remembered for a set: routes ask for few different permissions, and strangers cannot choose any.
 */
const REMEMBERED_MAX = 1024

/**
 * Compiles grants to an immutable {@link PermissionSet}. `has` is one hash lookup: exact permissions are known from the
 * start, and up to 1024 answers from wildcards are remembered.
 */
export function compilePermissions(grants: readonly RoleGrant[]): PermissionSet {
  const roleOf = new Map<string, string>()
  for (const { role, pattern } of grants) if (!roleOf.has(pattern)) roleOf.set(pattern, role)
  const patterns = Object.freeze([...roleOf.keys()].sort())
  const answers = new Map<string, boolean>()
  for (const pattern of patterns) if (!pattern.includes('*')) answers.set(pattern, true)
  const find = (permission: string): string | undefined =>
    findGranting(permission, (pattern) => roleOf.has(pattern))
  const learn = (permission: string): boolean => {
    const answer = find(permission) !== undefined
    if (answers.size < REMEMBERED_MAX + patterns.length) answers.set(permission, answer)
    return answer
  }
  return Object.freeze({
    has: (permission: string) => answers.get(permission) ?? learn(permission),
    explain(permission: string) {
      const pattern = find(permission)
      const role = pattern === undefined ? undefined : roleOf.get(pattern)
      return pattern === undefined || role === undefined ? undefined : { role, permission: pattern }
    },
    list: () => patterns,
  })
}

/** The grants that also lie within `scope`: what a token with that scope may still do. */
export function narrowGrants(
  grants: readonly RoleGrant[],
  scope: readonly string[],
): readonly RoleGrant[] {
  const narrowed: RoleGrant[] = []
  for (const { role, pattern } of grants) {
    for (const bound of scope) {
      const shared = intersect(pattern, bound)
      if (shared !== undefined) narrowed.push({ role, pattern: shared })
    }
  }
  return narrowed
}
