/**
 * Permissions `resource:action` and the patterns that grant them.
 *
 * - Resources are dotted names: `scene`, `memory.shared`. `memory.*` means everything beneath `memory`, at any depth,
 *   but not `memory` itself. Actions are names; `*` means every action.
 * - The resource `*` means every resource of the protected APIs. It leaves out the gate's own, `tollgate.…`, which have
 *   to be named (`tollgate.tenant.keys:create`, `tollgate.*:*`): permission to read everything behind the gate is not
 *   permission to read the gate.
 */

/** Resources beneath this name are the gate's own; a plain `*` does not reach them. */
const RESERVED = 'tollgate'

/** Resources beneath this name administer a single tenant; the other reserved ones administer the installation. */
const RESERVED_TENANT = 'tollgate.tenant'

interface Parts {
  readonly resource: string
  readonly action: string
}

function split(permission: string): Parts {
  const colon = permission.indexOf(':')
  return { resource: permission.slice(0, colon), action: permission.slice(colon + 1) }
}

const isBeneath = (resource: string, ancestor: string): boolean =>
  resource.length > ancestor.length &&
  resource.startsWith(ancestor) &&
  resource.charCodeAt(ancestor.length) === 46

const isReserved = (resource: string): boolean =>
  resource === RESERVED || isBeneath(resource, RESERVED)

function resourceCovers(pattern: string, resource: string): boolean {
  if (pattern === resource) return true
  if (pattern === '*') return !isReserved(resource)
  return pattern.endsWith('.*') && isBeneath(resource, pattern.slice(0, -2))
}

const actionCovers = (pattern: string, action: string): boolean =>
  pattern === '*' || pattern === action

/** Whether everything that `wanted` (a permission or a pattern) grants is granted by `pattern`. */
export function covers(pattern: string, wanted: string): boolean {
  const outer = split(pattern)
  const inner = split(wanted)
  return resourceCovers(outer.resource, inner.resource) && actionCovers(outer.action, inner.action)
}

/** The pattern that grants what both `a` and `b` grant, or `undefined` when they share nothing. */
export function intersect(a: string, b: string): string | undefined {
  const left = split(a)
  const right = split(b)
  const resource = narrower(left.resource, right.resource, resourceCovers)
  const action = narrower(left.action, right.action, actionCovers)
  return resource === undefined || action === undefined ? undefined : `${resource}:${action}`
}

function narrower(
  a: string,
  b: string,
  covers: (pattern: string, wanted: string) => boolean,
): string | undefined {
  if (covers(a, b)) return b
  return covers(b, a) ? a : undefined
}

/** Whether `pattern` reaches resources that administer the whole installation. */
export function reachesInstallation(pattern: string): boolean {
  const { resource } = split(pattern)
  return isReserved(resource) && !isBeneath(resource, RESERVED_TENANT)
}

/**
 * Finds the pattern that grants `permission` among those that `granted` knows: the exact one first, then from narrow to
 * wide. Makes at most two lookups for each dot in the resource, and four more.
 */
export function findGranting(
  permission: string,
  granted: (pattern: string) => boolean,
): string | undefined {
  if (granted(permission)) return permission
  const { resource, action } = split(permission)
  const anyAction = `${resource}:*`
  if (granted(anyAction)) return anyAction
  for (let dot = resource.lastIndexOf('.'); dot > 0; dot = resource.lastIndexOf('.', dot - 1)) {
    const beneath = resource.slice(0, dot)
    if (granted(`${beneath}.*:${action}`)) return `${beneath}.*:${action}`
    if (granted(`${beneath}.*:*`)) return `${beneath}.*:*`
  }
  if (isReserved(resource)) return undefined
  if (granted(`*:${action}`)) return `*:${action}`
  return granted('*:*') ? '*:*' : undefined
}
