import { canonicalAddress } from '../../core/address.ts'
import { toBase64Url, utf8, concatBytes } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Change } from '../../storage/index.ts'
import {
  sessionCollection,
  tenantCollection,
  useCollection,
  userCollection,
} from '../collections.ts'
import type { SessionRow, UseRow, UserRow } from '../collections.ts'
import { loginName } from '../inputs.ts'
import type { IdentityParts } from '../parts.ts'
import { newUse } from '../parts.ts'
import type { BoundedHasher } from '../passwords/bounded-hasher.ts'
import { normalizePassword, PASSWORD_LENGTH_MAX } from '../passwords/password-rules.ts'
import { digestOf } from '../presented.ts'
import type { IssuedSession, LoginAttempt } from '../services.ts'
import { markLogins, readSessions, removeSession, sessionView } from '../sessions/session-rows.ts'
import type { Lockout } from './lockout.ts'
import { userView } from './user-view.ts'

/** What logging in needs. */
export interface LoginParts extends IdentityParts {
  readonly hasher: BoundedHasher
  readonly lockout: Lockout
  /** Ends the session that a client sent. */
  readonly logout: (credential: string) => Promise<unknown>
}

const KNOWN_ADDRESSES_MAX = 8
const OPENING_ATTEMPTS_MAX = 8
const USER_AGENT_LENGTH_MAX = 256

interface Found {
  readonly user: UserRow | undefined
  readonly use: UseRow | undefined
  readonly tenantActive: boolean
}

/** Reads the same rows whether or not there is such a user. */
async function find(parts: IdentityParts, tenantId: string, login: string): Promise<Found> {
  const { records } = parts
  const tenant = await records.global(tenantCollection).get(tenantId)
  const user = await records.tenant(tenantId, userCollection).getBy('byLogin', { login })
  const use = await records.tenant(tenantId, useCollection).get(user?.id ?? tenantId)
  return {
    user,
    use: user === undefined ? undefined : use,
    tenantActive: tenant?.status === 'active',
  }
}

/** A digest of an address, which makes the address recognizable without revealing it. */
function addressDigest({ peppers }: IdentityParts, address: string): string {
  const canonical = canonicalAddress(address) ?? address
  return toBase64Url(sha256(concatBytes(peppers.current.bytes, utf8(canonical)))).slice(0, 16)
}

/** Checks a password and opens a session. */
export async function logIn(
  parts: LoginParts,
  attempt: LoginAttempt,
): Promise<Outcome<IssuedSession>> {
  const { tenantId, password } = attempt
  const login = loginName.safeParse(attempt.login)
  if (!login.success || password.length > PASSWORD_LENGTH_MAX) {
    return fail('credential_invalid', { internal: 'login or password of impossible form' })
  }
  const found = await find(parts, tenantId, login.data)
  const address = addressDigest(parts, attempt.address)
  const known = found.use?.knownAddresses?.includes(address) ?? false
  const tried = parts.lockout.attempt({ account: `${tenantId} ${login.data}`, address, known })
  if (!tried.admitted) return tooManyFailures(tried.retryAfterMs)
  const normal = normalizePassword(password)
  const verified = await parts.hasher.verify(normal, found.user?.passwordHash ?? null)
  if (verified === undefined) {
    tried.succeeded()
    return fail('unavailable', { internal: 'too many passwords are being checked' })
  }
  const { user } = found
  if (!verified || user === undefined || user.disabled || !found.tenantActive) {
    return fail('credential_invalid', { internal: reasonOf(found, verified) })
  }
  tried.succeeded()
  await rehash(parts, user, normal)
  const opened = await openSession(parts, user, attempt, address)
  if (opened.ok && attempt.presentedSession !== undefined) {
    await parts.logout(attempt.presentedSession)
  }
  return opened
}

function reasonOf({ user, tenantActive }: Found, verified: boolean): string {
  if (user === undefined) return 'unknown login'
  if (!verified) return 'wrong password'
  return tenantActive ? 'user is disabled' : 'tenant is gone or suspended'
}

function tooManyFailures(retryAfterMs: number): Outcome<never> {
  const seconds = Math.ceil(retryAfterMs / 1000)
  return fail('rate_limited', {
    detail: 'Too many failed logins.',
    extra: { retryAfterMs: seconds * 1000 },
    headers: { 'retry-after': String(seconds) },
  })
}

/** Rehashes the password if the cost has changed; a failure to do so is no reason to refuse. */
async function rehash(parts: LoginParts, user: UserRow, password: string): Promise<void> {
  if (user.passwordHash === null || !parts.hasher.needsRehash(user.passwordHash)) return
  const passwordHash = await parts.hasher.hash(password)
  if (passwordHash === undefined) return
  const { tenantId, id, updatedAtMs } = user
  const current = await parts.records.tenant(tenantId, userCollection).get(id)
  if (current?.passwordHash !== user.passwordHash) return
  const change = { op: 'update', collection: userCollection.name, tenantId, id } as const
  const set = { passwordHash, updatedAtMs }
  await parts.records.commit([{ ...change, set, ifVersion: current.version }])
}

/**
 * Opens a session if the user is still the one that was verified: a concurrent password change, lock or login changes
 * the user's use row, in which case everything is checked again.
 */
async function openSession(
  parts: IdentityParts,
  verified: UserRow,
  attempt: LoginAttempt,
  address: string,
): Promise<Outcome<IssuedSession>> {
  const { records, config, format, random } = parts
  const { tenantId, id: userId } = verified
  const before = await records.tenant(tenantId, useCollection).get(userId)
  let use = before
  for (let tries = 0; tries < OPENING_ATTEMPTS_MAX && use !== undefined; tries++) {
    const user = await records.tenant(tenantId, userCollection).get(userId)
    if (user === undefined || user.disabled || !samePassword(user, verified)) break
    const nowMs = parts.clock.nowMs()
    const made = format.make('ss', random)
    const row: SessionRow = {
      id: `session_${made.publicId}`,
      tenantId,
      publicId: made.publicId,
      ...digestOf(parts, made.text),
      userId,
      address: attempt.address.slice(0, 64),
      userAgent: attempt.userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? null,
      expiresAtMs: nowMs + config.sessions.absoluteTimeout,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      version: 1,
    }
    const open = await readSessions(records, tenantId, userId)
    const surplus = open.slice(0, Math.max(0, open.length + 1 - config.sessions.perUserMax))
    const addresses = [address, ...(use.knownAddresses ?? []).filter((each) => each !== address)]
    const knownAddresses = addresses.slice(0, KNOWN_ADDRESSES_MAX)
    const { version: _, ...inserted } = row
    const changes: readonly Change[] = [
      markLogins(tenantId, userId, use.version, { lastUsedAtMs: nowMs, knownAddresses }),
      ...surplus.flatMap((session) => removeSession(tenantId, session.id)),
      { op: 'insert', collection: sessionCollection.name, row: inserted },
      newUse(tenantId, row.id, nowMs, nowMs),
    ]
    const stored = await records.commit(changes)
    if (stored.ok) {
      if (surplus.length > 0) await parts.announce(surplus.map((session) => session.id))
      return succeed({
        secret: made.text,
        session: sessionView(row, nowMs),
        user: userView(user, nowMs),
      })
    }
    use = await records.tenant(tenantId, useCollection).get(userId)
  }
  return fail('credential_invalid', { internal: 'user changed while logging in' })
}

/** Rehashing changes the hash, so the comparison is by when the password was set. */
const samePassword = (now: UserRow, verified: UserRow): boolean =>
  now.passwordSetAtMs === verified.passwordSetAtMs
