import { fromUtf8, utf8 } from '../core/bytes.ts'
import type { Caller } from '../core/caller.ts'

/** What to tell about the caller. */
export interface IdentityHeaderOptions {
  /** Also list the granted permissions; default no, they can be many. */
  readonly permissions?: boolean
}

/** The records of callers that were asked for: callers are remembered too, and never change. */
const known = new WeakMap<Caller, Readonly<Record<string, string>>>()

/**
 * The headers that tell the upstream who calls. The gate removes every `x-tollgate-*` header that a
 * client sends, so an upstream that is reached only through the gate can believe them. Characters
 * outside visible ASCII, `%` and `,` are percent-encoded (UTF-8); lists are comma-separated.
 * An anonymous caller has none. Without options, the same record is returned for the same caller.
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
