import type { RoleGrant } from './permission-set.ts'

/** A role as the graph sees it. */
export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
  readonly inherits: readonly string[]
}

/** Finds a role by name. */
export type RoleLookup = (name: string) => Role | undefined

/** The label of permissions that are granted to a credential directly, not through a role. */
export const DIRECT_GRANT = '(direct)'

/**
 * All patterns that `names` and the roles they inherit grant, each with the role that it comes from. Unknown roles
 * grant nothing; a cycle (refused on writing, see {@link findRoleProblem}) is walked once.
 */
export function expandRoles(names: readonly string[], lookup: RoleLookup): readonly RoleGrant[] {
  const grants: RoleGrant[] = []
  const seen = new Set<string>()
  const waiting = [...names].reverse()
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const role = lookup(name)
    if (role === undefined) continue
    for (const pattern of role.permissions) grants.push({ role: role.name, pattern })
    for (const parent of role.inherits.toReversed()) waiting.push(parent)
  }
  return grants
}

/** What is wrong with a role's ancestry. */
export type RoleProblem =
  | { readonly kind: 'unknown'; readonly role: string; readonly parent: string }
  /** The names along the cycle; the first is also the last. */
  | { readonly kind: 'cycle'; readonly cycle: readonly string[] }

/** The first unknown ancestor or cycle reached from `name`, or `undefined` when all is well. */
export function findRoleProblem(name: string, lookup: RoleLookup): RoleProblem | undefined {
  const finished = new Set<string>()
  const path: string[] = []
  const visit = (current: string): RoleProblem | undefined => {
    const start = path.indexOf(current)
    if (start >= 0) return { kind: 'cycle', cycle: [...path.slice(start), current] }
    if (finished.has(current)) return undefined
    path.push(current)
    for (const parent of lookup(current)?.inherits ?? []) {
      if (lookup(parent) === undefined) return { kind: 'unknown', role: current, parent }
      const problem = visit(parent)
      if (problem !== undefined) return problem
    }
    path.pop()
    finished.add(current)
    return undefined
  }
  return visit(name)
}

/** The problem in words. */
export const describeRoleProblem = (problem: RoleProblem): string =>
  problem.kind === 'cycle'
    ? `roles inherit each other in a cycle: ${problem.cycle.join(' → ')}`
    : `role ${problem.role} inherits ${problem.parent}, which does not exist`
