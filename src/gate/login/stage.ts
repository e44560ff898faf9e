import type { Caller } from '../../core/caller.ts'
import { clientScheme } from '../../core/client-address.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { Identity, IssuedSession, IssuedTokens } from '../../identity/index.ts'
import type { LoginConfig } from '../config/login.ts'
import type { Exchange } from '../exchange.ts'
import { isCrossSite, presentedSession, sessionCookie } from '../session-cookie.ts'
import type { StageBody, Step } from '../stage.ts'
import type { LoginAction } from './routes.ts'

/** The parts of `identity` that logging in needs. */
export interface Accounts extends Pick<Identity, 'resolve'> {
  readonly users: Pick<Identity['users'], 'login'>
  readonly sessions: Pick<Identity['sessions'], 'logout'>
  readonly tokens: Pick<Identity['tokens'], 'issue' | 'refresh' | 'revokePresented'>
}

/** What the login stages need. */
export interface LoginStageOptions {
  readonly config: LoginConfig
  readonly accounts: Accounts
  readonly trustsPeer: (address: string) => boolean
}

/** The last stage of a login route: it answers by itself. */
export function createLoginStage(action: LoginAction, options: LoginStageOptions): StageBody {
  const run = ACTIONS[action]
  return {
    run(exchange) {
      if (exchange.notes !== undefined) return undefined
      // Even without a cookie: another site must not log its visitors in to an account of its choice (login CSRF).
      if (isCrossSite(exchange)) {
        return refuse('permission_denied', { detail: 'Logging in works from this site only.' })
      }
      return run(exchange, options)
    },
  }
}

type Action = (exchange: Exchange, options: LoginStageOptions) => Step | Promise<Step>

const ACTIONS: Readonly<Record<LoginAction, Action>> = {
  login: logIn,
  logout: logOut,
  refresh,
  session: (exchange) => json(describeCaller(exchange.caller)),
}

interface Credentials {
  readonly tenant?: string
  readonly login: string
  readonly password: string
  readonly tokens?: boolean
}

async function logIn(exchange: Exchange, options: LoginStageOptions): Promise<Step> {
  const { accounts, config } = options
  const { headers } = exchange.request
  const body = exchange.body as Credentials
  const before = presentedSession(headers.get('cookie'))
  const opened = await accounts.users.login({
    tenantId: config.tenant ?? body.tenant ?? '',
    login: body.login,
    password: body.password,
    address: exchange.address,
    userAgent: headers.get('user-agent') ?? undefined,
    ...(before !== undefined && { presentedSession: before }),
  })
  if (!opened.ok) return challenge(opened.refusal)
  await identify(exchange, accounts, opened.value.secret)
  const wantsTokens = config.tokens && (body.tokens === true || !config.sessions)
  return wantsTokens
    ? giveTokens(opened.value, accounts)
    : giveSession(opened.value, exchange, options)
}

function giveSession(
  { secret, session, user }: IssuedSession,
  exchange: Exchange,
  options: LoginStageOptions,
): Response {
  const ageSeconds = (session.expiresAtMs - exchange.nowMs) / 1000
  const cookie = sessionCookie(secret, ageSeconds, originOf(exchange, options))
  const { tenantId, expiresAtMs } = session
  return json(
    { userId: user.id, tenantId, login: user.login, expiresAtMs },
    { 'set-cookie': cookie },
  )
}

/** Logging in opens a session; a client that asked for tokens has no use for it, so it is ended at once. */
async function giveTokens(
  { secret, user }: IssuedSession,
  { tokens, sessions }: Accounts,
): Promise<Step> {
  const issued = await tokens.issue(user.tenantId, { kind: 'user', id: user.id })
  await sessions.logout(secret)
  if (!issued.ok) return issued.refusal
  const { id, tenantId, login } = user
  return json({ userId: id, tenantId, login, ...tokensOf(issued.value) })
}

const tokensOf = (issued: IssuedTokens) => ({
  tokenType: 'Bearer',
  accessToken: issued.accessToken,
  expiresAtMs: issued.expiresAtMs,
  refreshToken: issued.refreshToken,
  refreshExpiresAtMs: issued.refreshExpiresAtMs,
})

const BEARER = /^bearer +/i

/** Ends every credential presented. An unknown one counts as ended, so logging out always succeeds. */
async function logOut(exchange: Exchange, options: LoginStageOptions): Promise<Step> {
  const { sessions, tokens } = options.accounts
  const { headers } = exchange.request
  const session = presentedSession(headers.get('cookie'))
  const bearer = headers.get('authorization') ?? ''
  const { refreshToken } = (exchange.body ?? {}) as { readonly refreshToken?: string }
  if (session !== undefined) {
    await identify(exchange, options.accounts, session)
    await sessions.logout(session)
  }
  if (BEARER.test(bearer)) await tokens.revokePresented(bearer.replace(BEARER, ''))
  if (refreshToken !== undefined) await tokens.revokePresented(refreshToken)
  const cookie = sessionCookie(undefined, 0, originOf(exchange, options))
  return new Response(null, { status: 204, headers: { ...NO_STORE, 'set-cookie': cookie } })
}

async function refresh({ body }: Exchange, { accounts }: LoginStageOptions): Promise<Step> {
  const { refreshToken } = body as { readonly refreshToken: string }
  const issued = await accounts.tokens.refresh(refreshToken)
  return issued.ok ? json(tokensOf(issued.value)) : challenge(issued.refusal)
}

/** Sets the caller, so that the record of the request says who it was. */
async function identify(exchange: Exchange, accounts: Accounts, secret: string): Promise<void> {
  const found = await accounts.resolve(secret, exchange.nowMs)
  if ('kind' in found) exchange.caller = found
}

/** The origin under which the browser sees the gate: its own, or that of a trusted proxy in front. */
function originOf(
  { connection, peer, request: { headers } }: Exchange,
  { trustsPeer }: LoginStageOptions,
): { readonly scheme: 'http' | 'https'; readonly host: string } {
  const scheme = trustsPeer(peer) ? clientScheme(headers, connection.scheme) : connection.scheme
  return { scheme, host: headers.get('host') ?? '' }
}

const describeCaller = ({ kind, tenantId, userId, roles, expiresAtMs }: Caller) => ({
  kind,
  tenantId,
  userId,
  roles,
  expiresAtMs,
})

const NO_STORE = { 'cache-control': 'no-store' } as const

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { headers: { ...NO_STORE, ...headers } })

const challenge = (refusal: Refusal): Refusal =>
  refusal.code === 'credential_invalid'
    ? { ...refusal, headers: { 'www-authenticate': 'Bearer realm="tollgate"' } }
    : refusal
