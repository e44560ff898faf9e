import { fromUtf8, utf8 } from '../core/bytes.ts'
import type { Caller } from '../core/caller.ts'

/** What to tell the upstream about the caller. */
export interface IdentityHeaderOptions {
  /** Whether to list the granted permissions, too. Default `false`, because there can be many. */
  readonly permissions?: boolean
}

/** The records made so far. Callers never change, and are themselves reused between requests. */
const known = new WeakMap<Caller, Readonly<Record<string, string>>>()

/**
 * The headers that tell the upstream who the caller is. The gate removes every `x-tollgate-*` header that a client
 * sends, so an upstream that can be reached only through the gate can trust them. Characters outside visible ASCII, `%`
 * and `,` are percent-encoded (UTF-8); lists are comma-separated. An anonymous caller has none. Without options, the
 * same caller always gets the same record.
 */
export function identityHeaders(
  caller: Caller,
  options?: IdentityHeaderOptions,
): Readonly<Record<string, string>> {
  if (options !== undefined) return describe(caller, options)
  const before = known.get(caller)
  if (before !== undefined) return before
  const headers = describe(caller, {})
  known.set(caller, headers)
  return headers
}

function describe(
  caller: Caller,
  options: IdentityHeaderOptions,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  if (caller.kind === 'anonymous') return headers
  headers['x-tollgate-caller'] = encodeText(caller.id)
  if (caller.tenantId !== '') headers['x-tollgate-tenant'] = encodeText(caller.tenantId)
  if (caller.userId !== undefined) headers['x-tollgate-user'] = encodeText(caller.userId)
  if (caller.roles.length > 0) headers['x-tollgate-roles'] = encodeList(caller.roles)
  if (options.permissions === true) {
    headers['x-tollgate-permissions'] = encodeList(caller.permissions.list())
  }
  return headers
}

const encodeList = (values: readonly string[]): string => values.map(encodeText).join(',')

function encodeText(text: string): string {
  if (!/[^\x21-\x24\x26-\x2b\x2d-\x7e]/.test(text)) return text
  return text.replaceAll(/[^\x21-\x24\x26-\x2b\x2d-\x7e]+/g, (part) =>
    encodeURIComponent(fromUtf8(utf8(part)) ?? ''),
  )
}
