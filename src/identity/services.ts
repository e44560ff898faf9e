import type { CredentialResolver } from '../core/credential-resolver.ts'
import type { Caller } from '../core/caller.ts'
import type { Outcome } from '../core/refusal.ts'
import type { Page } from '../storage/index.ts'
import type {
  KeyInput,
  KeyPatch,
  TenantInput,
  TenantPatch,
  TokenInput,
  UserInput,
  UserPatch,
} from './inputs.ts'

/**
 * The services of identity, used by administrators, the command line and the gate. All of them return expected outcomes
 * as values:
 *
 * - `request_invalid`: the input is invalid; `extra.errors` lists `{ pointer, message }`;
 * - `not_found`: it does not exist in that tenant;
 * - `precondition_failed`: `ifVersion` is not the current version;
 * - `conflict`: a name or id is taken, or the current state forbids the change.
 *
 * A mutation resolves only after it is on disk, and is in force on this instance before it resolves; other instances
 * follow within the revocation bound. Secrets are returned only once, at creation, and are never part of a view. Views
 * are redacted, so they may be logged and audited.
 */

/** Before and after a change, redacted, for the audit log; `undefined` where it did not exist. */
export interface Changed<V> {
  readonly before: V | undefined
  readonly after: V | undefined
}

/** A change that made a secret, which is shown only this once. */
export interface Issued<V> extends Changed<V> {
  readonly after: V
  readonly secret: string
}

/** Applies a change only to the version that the caller has seen (`If-Match`). */
export interface VersionCheck {
  readonly ifVersion?: number | undefined
}

/** A bounded part of a list, newest first. `limit` defaults to 100 and is at most 1000. */
export interface ListQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

export type KeyEnvironment = 'live' | 'test'
export type CredentialStatus = 'active' | 'disabled' | 'revoked' | 'expired'

/** An API key without its secret. */
export interface KeyView {
  /** `key_` and the public id within the key itself. */
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** The part of the key that is not secret, to recognize it by: `tg_live_0Uo3Xq8wZ1k`. */
  readonly start: string
  readonly environment: KeyEnvironment
  readonly status: CredentialStatus
  readonly userId: string | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly allowedCidrs: readonly string[]
  readonly limits: Readonly<Record<string, number>> | null
  readonly plan: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly createdBy: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** Written in batches: up to a minute behind. */
  readonly lastUsedAtMs: number | null
  readonly rotatedAtMs: number | null
  /** Until when the secret from before the last rotation works. */
  readonly previousExpiresAtMs: number | null
  readonly version: number
}

/** API keys of a tenant. */
export interface KeyService {
  create(tenantId: string, input: KeyInput): Promise<Outcome<Issued<KeyView>>>
  get(tenantId: string, id: string): Promise<Outcome<KeyView>>
  list(
    tenantId: string,
    query?: ListQuery & { readonly userId?: string | undefined },
  ): Promise<Page<KeyView>>
  update(
    tenantId: string,
    id: string,
    patch: KeyPatch,
    check?: VersionCheck,
  ): Promise<Outcome<Changed<KeyView>>>
  /** Refuses the key until it is enabled again. */
  disable(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<KeyView>>>
  enable(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<KeyView>>>
  /** Ends the key permanently; it stays in lists. */
  revoke(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<KeyView>>>
  /**
   * Makes a new secret. The previous one keeps working for `overlapMs` (default: that of the configuration, 24 h; 0
   * ends it now). Older secrets end at once.
   */
  rotate(
    tenantId: string,
    id: string,
    options?: VersionCheck & { readonly overlapMs?: number | undefined },
  ): Promise<Outcome<Issued<KeyView>>>
  /** Ends and removes the key, together with the tokens issued from it. */
  delete(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<KeyView>>>
}

/** Who a token was issued for. */
export type TokenOwner =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'user'; readonly id: string }

/** An access token without its secret. */
export interface TokenView {
  readonly id: string
  readonly tenantId: string
  /** Shared by an access token, its refresh token and all tokens made by refreshing. */
  readonly familyId: string
  readonly kind: 'access' | 'refresh'
  readonly owner: TokenOwner
  readonly scope: readonly string[] | null
  readonly status: CredentialStatus
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** A pair of tokens, shown only this once. `refreshToken` is absent if the token is not refreshable. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly expiresAtMs: number
  readonly refreshExpiresAtMs: number | undefined
  readonly view: TokenView
}

/** Opaque access tokens with rotating refresh tokens (RFC 9700 §4.14.2). */
export interface TokenService {
  issue(tenantId: string, owner: TokenOwner, input?: TokenInput): Promise<Outcome<IssuedTokens>>
  /**
   * Exchanges a refresh token for a new pair. A refresh token works once: using it again revokes the whole family.
   * Every failure is `credential_invalid`.
   */
  refresh(refreshToken: string): Promise<Outcome<IssuedTokens>>
  /** Whether the access token is valid now, and whose it is (in the spirit of RFC 7662). */
  inspect(accessToken: string): Promise<Outcome<TokenView>>
  list(
    tenantId: string,
    query?: ListQuery & { readonly ownerId?: string | undefined },
  ): Promise<Page<TokenView>>
  /** Revokes the family of the token with this id. */
  revoke(tenantId: string, id: string): Promise<Outcome<Changed<TokenView>>>
  /** Revokes the family of a presented token (RFC 7009): an unknown token is not an error. */
  revokePresented(token: string): Promise<Outcome<Changed<TokenView>>>
}

/** A user without the password. */
export interface UserView {
  readonly id: string
  readonly tenantId: string
  readonly login: string
  readonly name: string | null
  readonly hasPassword: boolean
  readonly disabled: boolean
  readonly metadata: Readonly<Record<string, unknown>>
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly lastLoginAtMs: number | null
  readonly version: number
}

/** A login attempt. `address` is the client's, already determined through trusted proxies. */
export interface LoginAttempt {
  readonly tenantId: string
  readonly login: string
  readonly password: string
  readonly address: string
  readonly userAgent?: string | undefined
  /** The session credential that the client sent, if any; that session ends when the login succeeds. */
  readonly presentedSession?: string | undefined
}

/** Users of a tenant. Their roles are assignments, which belong to policy. */
export interface UserService {
  create(tenantId: string, input: UserInput): Promise<Outcome<Changed<UserView>>>
  get(tenantId: string, id: string): Promise<Outcome<UserView>>
  getByLogin(tenantId: string, login: string): Promise<Outcome<UserView>>
  list(tenantId: string, query?: ListQuery): Promise<Page<UserView>>
  update(
    tenantId: string,
    id: string,
    patch: UserPatch,
    check?: VersionCheck,
  ): Promise<Outcome<Changed<UserView>>>
  /** Sets a password and ends all sessions and tokens of the user. */
  setPassword(
    tenantId: string,
    id: string,
    password: string,
    check?: VersionCheck,
  ): Promise<Outcome<Changed<UserView>>>
  /** Refuses the user's sessions, tokens and keys until enabled again; sessions end permanently. */
  disable(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<UserView>>>
  enable(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<UserView>>>
  /** Removes the user with its sessions and tokens; its keys end. */
  delete(tenantId: string, id: string, check?: VersionCheck): Promise<Outcome<Changed<UserView>>>
  /**
   * Checks a password and opens a session. An unknown login, a wrong password, a disabled user and a suspended tenant
   * get the same `credential_invalid` after the same work; too many failures get `rate_limited` with `Retry-After`,
   * also for unknown logins.
   */
  login(attempt: LoginAttempt): Promise<Outcome<IssuedSession>>
}

/** A session without its secret. */
export interface SessionView {
  readonly id: string
  readonly tenantId: string
  readonly userId: string
  readonly address: string
  readonly userAgent: string | null
  readonly createdAtMs: number
  /** Written in batches: up to a minute behind. */
  readonly lastSeenAtMs: number
  /** The absolute end; the session may end earlier when idle. */
  readonly expiresAtMs: number
  readonly version: number
}

/** A session with its credential, shown only this once (set it as a cookie: HttpOnly, Secure, SameSite). */
export interface IssuedSession {
  readonly secret: string
  readonly session: SessionView
  readonly user: UserView
}

/** Sessions of users. */
export interface SessionService {
  list(tenantId: string, query: ListQuery & { readonly userId: string }): Promise<Page<SessionView>>
  /** Gives a session a new secret, for changes of privilege; the old secret ends at once. */
  rotate(credential: string): Promise<Outcome<IssuedSession>>
  /** Ends the session of the presented credential; an unknown one is not an error. */
  logout(credential: string): Promise<Outcome<Changed<SessionView>>>
  /** Ends one session. */
  end(tenantId: string, id: string): Promise<Outcome<Changed<SessionView>>>
  /** Ends every session and token of a user; returns how many sessions ended. */
  endAll(tenantId: string, userId: string): Promise<Outcome<number>>
}

/** A tenant. */
export interface TenantView {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'suspended'
  readonly plan: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
}

/** Tenants. Deleting one removes its rows from every registered collection in one batch. */
export interface TenantService {
  create(input: TenantInput): Promise<Outcome<Changed<TenantView>>>
  get(id: string): Promise<Outcome<TenantView>>
  list(
    query?: ListQuery & { readonly status?: TenantView['status'] | undefined },
  ): Promise<Page<TenantView>>
  update(
    id: string,
    patch: TenantPatch,
    check?: VersionCheck,
  ): Promise<Outcome<Changed<TenantView>>>
  /** Refuses all of the tenant's credentials until it is resumed. */
  suspend(id: string, check?: VersionCheck): Promise<Outcome<Changed<TenantView>>>
  resume(id: string, check?: VersionCheck): Promise<Outcome<Changed<TenantView>>>
  delete(id: string, check?: VersionCheck): Promise<Outcome<Changed<TenantView>>>
}

/** Figures about resolving, for `/performance` and metrics. */
export interface IdentityStats {
  /** How many credentials are in memory, and how many may be. */
  readonly entries: number
  readonly capacity: number
  readonly hits: number
  readonly misses: number
  /** Credentials refused by their form alone, before hashing. */
  readonly junk: number
  /** Credentials refused by a remembered refusal. */
  readonly negativeHits: number
  readonly loads: number
  /** Loads discarded because something was revoked meanwhile. */
  readonly fenced: number
  readonly evictions: number
}

/** Who calls: credentials, users, sessions and tenants. */
export interface Identity extends CredentialResolver {
  readonly keys: KeyService
  readonly tokens: TokenService
  readonly users: UserService
  readonly sessions: SessionService
  readonly tenants: TenantService
  /**
   * The caller that a request with a key would have, for administrators, who do not know its secret; `allowsAddress`
   * accepts this caller too. Refused with `conflict` if the key would not be accepted.
   */
  callerOfKey(tenantId: string, keyId: string): Promise<Outcome<Caller>>
  stats(): IdentityStats
  /**
   * Writes the next last uses that are due, at most 64 rows: a credential's first use since it was read, and later ones
   * once a minute (more often if the idle time of sessions is short). Call it every second, and again after a pause
   * while it resolves with `true`, which means that more may be due. Rejects when storage does; nothing is then lost.
   */
  flush(): Promise<boolean>
  /** Removes what has expired; returns how many rows were removed. Call it from time to time (say every 10 min). */
  sweep(): Promise<number>
  /** Writes every last use and ends the subscriptions. */
  close(): Promise<void>
}
