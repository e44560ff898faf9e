import type { Clock } from '../../core/clock.ts'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Identity } from '../../identity/index.ts'
import type { Penalties } from './penalties.ts'
import type { Principal } from './principal.ts'
import { OPERATE, rootPrincipal } from './principal.ts'
import type { RootKey } from './root-key.ts'

/** What {@link authenticate} needs. */
export interface AuthenticationParts {
  readonly rootKey: RootKey
  readonly identity: Pick<Identity, 'resolve'>
  readonly penalties: Penalties
  readonly clock: Clock
  /** Called when an address is blocked for guessing. */
  readonly onBlocked: (address: string) => void
}

const BEARER = /^Bearer +([\x21-\x7E]{1,512})$/i
const CHALLENGE = { 'www-authenticate': 'Bearer realm="tollgate-admin"' }

/**
 * Authenticates the caller by `Authorization: Bearer`. Wrong, unknown, revoked and foreign credentials all get the same
 * answer. Cookies are not read, so that no web page can act for its visitor.
 */
export async function authenticate(
  request: Request,
  address: string,
  parts: AuthenticationParts,
): Promise<Outcome<Principal>> {
  const blockedMs = parts.penalties.blockedMs(address)
  if (blockedMs > 0) {
    const seconds = Math.ceil(blockedMs / 1000)
    return fail('rate_limited', {
      detail: 'Too many different wrong credentials from this address.',
      headers: { 'retry-after': String(seconds) },
    })
  }
  const header = request.headers.get('authorization')
  if (header === null) return fail('credential_missing', { headers: CHALLENGE })
  const credential = BEARER.exec(header)?.[1]
  if (credential === undefined) return wrong(header, address, parts)
  if (parts.rootKey.isForm(credential)) {
    return parts.rootKey.matches(credential)
      ? succeed(rootPrincipal)
      : wrong(credential, address, parts)
  }
  const caller = await parts.identity.resolve(credential, parts.clock.nowMs())
  if ('code' in caller || caller.kind === 'anonymous') return wrong(credential, address, parts)
  if (caller.allowsAddress?.(address) === false) return fail('address_denied')
  return succeed({
    kind: caller.kind,
    id: caller.id,
    tenantId: caller.permissions.has(OPERATE) ? undefined : caller.tenantId,
    ownerId: caller.ownerId,
    userId: caller.userId,
    permissions: caller.permissions,
  })
}

function wrong(
  credential: string,
  address: string,
  parts: AuthenticationParts,
): Outcome<Principal> {
  if (parts.penalties.failed(address, credential)) parts.onBlocked(address)
  return fail('credential_invalid', { headers: CHALLENGE })
}
