import type { Caller } from '../../core/caller.ts'
import type { Outcome, Refusal } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Change } from '../../storage/index.ts'
import { keyCollection, tenantCollection, tokenCollection, userCollection } from '../collections.ts'
import type { TokenRow } from '../collections.ts'
import { tokenInput } from '../inputs.ts'
import type { Failed, IdentityParts } from '../parts.ts'
import { invalidField, missing, pageOf, parseInput, requireTenant } from '../parts.ts'
import { digestOf, findPresented } from '../presented.ts'
import { keyRefusal } from '../resolving/principal.ts'
import type { Changed, IssuedTokens, TokenOwner, TokenService, TokenView } from '../services.ts'

/** What the token service needs. */
export interface TokenParts extends IdentityParts {
  readonly resolve: (
    credential: string,
    nowMs: number,
  ) => Caller | Refusal | Promise<Caller | Refusal>
}

/** Creates the {@link TokenService}. */
export function createTokenService(parts: TokenParts): TokenService {
  const { records } = parts
  const presented = (text: string): Promise<TokenRow | undefined> =>
    findPresented(
      parts,
      tokenCollection,
      text.startsWith(parts.format.start('rt', '')) ? 'rt' : 'at',
      text,
    )
  return {
    issue: (tenantId, owner, input) => issueTokens(parts, tenantId, owner, input ?? {}),
    refresh: (refreshToken) => refreshTokens(parts, refreshToken),
    async inspect(accessToken) {
      const caller = await parts.resolve(accessToken, parts.clock.nowMs())
      if ('code' in caller) return { ok: false, refusal: caller }
      if (caller.kind !== 'token') return fail('credential_invalid', { internal: 'not a token' })
      const row = await records.tenant(caller.tenantId, tokenCollection).get(caller.id)
      return row === undefined
        ? fail('credential_invalid', { internal: 'revoked' })
        : succeed(viewOf(parts, row))
    },
    async list(tenantId, query) {
      const ownerId = query?.ownerId
      const page = await records.tenant(tenantId, tokenCollection).find({
        ...(ownerId === undefined
          ? { index: 'byCreated', equals: {} }
          : { index: 'byOwner', equals: { ownerId } }),
        descending: true,
        ...pageOf(query),
      })
      return { ...page, rows: page.rows.map((row) => viewOf(parts, row)) }
    },
    async revoke(tenantId, id) {
      const row = await records.tenant(tenantId, tokenCollection).get(id)
      return row === undefined ? missing('token', id) : revokeFamily(parts, row)
    },
    async revokePresented(token) {
      const row = await presented(token)
      return row === undefined
        ? succeed({ before: undefined, after: undefined })
        : revokeFamily(parts, row)
    },
  }
}

/** A token as shown to administrators. */
function viewOf({ clock }: IdentityParts, row: TokenRow): TokenView {
  const used = row.usedAtMs !== null
  const expired = row.expiresAtMs <= clock.nowMs()
  return {
    id: row.id,
    tenantId: row.tenantId,
    familyId: row.familyId,
    kind: row.kind === 'refresh' ? 'refresh' : 'access',
    owner: { kind: row.ownerKind === 'key' ? 'key' : 'user', id: row.ownerId },
    scope: row.scope,
    status: used ? 'revoked' : expired ? 'expired' : 'active',
    createdAtMs: row.createdAtMs,
    expiresAtMs: row.expiresAtMs,
  }
}

/** Why no token may be issued to the owner now, if so. */
async function ownerProblem(
  { records, clock }: IdentityParts,
  tenantId: string,
  owner: TokenOwner,
): Promise<Failed | undefined> {
  const tenant = await records.global(tenantCollection).get(tenantId)
  if (tenant === undefined) return missing('tenant', tenantId)
  if (tenant.status !== 'active') return fail('conflict', { detail: 'The tenant is suspended.' })
  if (owner.kind === 'user') {
    const user = await records.tenant(tenantId, userCollection).get(owner.id)
    if (user === undefined) return missing('user', owner.id)
    return user.disabled ? fail('conflict', { detail: 'The user is disabled.' }) : undefined
  }
  const key = await records.tenant(tenantId, keyCollection).get(owner.id)
  if (key === undefined) return missing('key', owner.id)
  const refused = keyRefusal(key, clock.nowMs())
  return refused === undefined ? undefined : fail('conflict', { detail: `The key is ${refused}.` })
}

interface Family {
  readonly tenantId: string
  readonly familyId: string
  readonly owner: TokenOwner
  readonly scope: readonly string[] | null
  /** The requested lifetime; `null` for that of the configuration. */
  readonly accessTtlMs: number | null
  readonly accessExpiresAtMs: number
  /** Absent if the family cannot be refreshed. */
  readonly refreshExpiresAtMs: number | undefined
}

interface DraftedTokens {
  readonly inserts: readonly Change[]
  readonly issued: IssuedTokens
}

/**
 * The access token of a family keeps its id, however often it is refreshed: its limits, bans and records carry over,
 * and an id seen in the audit log can still be used to revoke it.
 */
const accessIdOf = (familyId: string): string => familyId.replace(/^family_/, 'token_')

/** Makes an access token and, where the family allows, a refresh token. */
function draftTokens(parts: IdentityParts, family: Family): DraftedTokens {
  const nowMs = parts.clock.nowMs()
  const { accessTtlMs, accessExpiresAtMs, refreshExpiresAtMs } = family
  const draft = (sort: 'at' | 'rt', expiresAtMs: number) => {
    const made = parts.format.make(sort, parts.random)
    const row = {
      id: sort === 'at' ? accessIdOf(family.familyId) : `token_${made.publicId}`,
      tenantId: family.tenantId,
      publicId: made.publicId,
      ...digestOf(parts, made.text),
      kind: sort === 'at' ? 'access' : 'refresh',
      familyId: family.familyId,
      ownerKind: family.owner.kind,
      ownerId: family.owner.id,
      scope: family.scope,
      expiresAtMs,
      accessTtlMs,
      usedAtMs: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    }
    const insert: Change = { op: 'insert', collection: tokenCollection.name, row }
    return { text: made.text, row, insert }
  }
  const access = draft('at', accessExpiresAtMs)
  const refresh = refreshExpiresAtMs === undefined ? undefined : draft('rt', refreshExpiresAtMs)
  return {
    inserts: refresh === undefined ? [access.insert] : [access.insert, refresh.insert],
    issued: {
      accessToken: access.text,
      refreshToken: refresh?.text,
      expiresAtMs: accessExpiresAtMs,
      refreshExpiresAtMs,
      view: viewOf(parts, { ...access.row, version: 1 }),
    },
  }
}

async function issueTokens(
  parts: IdentityParts,
  tenantId: string,
  owner: TokenOwner,
  input: unknown,
): Promise<Outcome<IssuedTokens>> {
  const parsed = parseInput(tokenInput, input)
  if (!parsed.ok) return parsed
  const { accessTtl, accessTtlMax, refreshTtl } = parts.config.tokens
  const ttlMs = parsed.value.ttlMs ?? accessTtl
  if (ttlMs > accessTtlMax) return invalidField('/ttlMs', `expected at most ${accessTtlMax}`)
  const problem = await ownerProblem(parts, tenantId, owner)
  if (problem !== undefined) return problem
  const nowMs = parts.clock.nowMs()
  const { inserts, issued } = draftTokens(parts, {
    tenantId,
    familyId: parts.ids('family'),
    owner,
    scope: parsed.value.scope,
    accessTtlMs: parsed.value.ttlMs ?? null,
    accessExpiresAtMs: nowMs + ttlMs,
    refreshExpiresAtMs: parsed.value.refreshable ? nowMs + refreshTtl : undefined,
  })
  const stored = await parts.records.commit([...inserts, requireTenant(tenantId)])
  if (stored.ok) return succeed(issued)
  if (stored.reason === 'missing') return missing('tenant', tenantId)
  throw new Error('no free token id')
}

/** RFC 9700 §4.14.2: a refresh token that is used twice was stolen, whichever of the two users is the thief. */
async function refreshTokens(
  parts: IdentityParts,
  refreshToken: string,
): Promise<Outcome<IssuedTokens>> {
  const row = await findPresented(parts, tokenCollection, 'rt', refreshToken)
  const nowMs = parts.clock.nowMs()
  if (row === undefined) return fail('credential_invalid', { internal: 'unknown refresh token' })
  if (row.usedAtMs !== null) return refuseReuse(parts, row)
  if (row.expiresAtMs <= nowMs) return fail('credential_invalid', { internal: 'expired' })
  const owner: TokenOwner = { kind: row.ownerKind === 'key' ? 'key' : 'user', id: row.ownerId }
  const problem = await ownerProblem(parts, row.tenantId, owner)
  if (problem !== undefined) {
    return fail('credential_invalid', { internal: problem.refusal.detail ?? 'owner refused' })
  }
  const { tenantId, familyId, scope, accessTtlMs, expiresAtMs } = row
  const { accessTtl, accessTtlMax } = parts.config.tokens
  const ttlMs = Math.min(accessTtlMs ?? accessTtl, accessTtlMax)
  const { inserts, issued } = draftTokens(parts, {
    tenantId,
    familyId,
    owner,
    scope,
    accessTtlMs,
    accessExpiresAtMs: Math.min(nowMs + ttlMs, expiresAtMs),
    refreshExpiresAtMs: expiresAtMs,
  })
  const collection = tokenCollection.name
  const stored = await parts.records.commit([
    {
      op: 'update',
      collection,
      tenantId,
      id: row.id,
      set: { usedAtMs: nowMs },
      ifVersion: row.version,
    },
    {
      op: 'deleteWhere',
      collection,
      tenantId,
      index: 'byFamily',
      equals: { familyId, kind: 'access' },
    },
    ...inserts,
  ])
  if (!stored.ok) return refuseReuse(parts, row)
  await parts.announce([familyId])
  return succeed(issued)
}

async function refuseReuse(parts: IdentityParts, row: TokenRow): Promise<Failed> {
  await revokeFamily(parts, row)
  return fail('credential_invalid', { internal: 'refresh token used twice: family revoked' })
}

async function revokeFamily(
  parts: IdentityParts,
  row: TokenRow,
): Promise<Outcome<Changed<TokenView>>> {
  const { tenantId, familyId } = row
  const collection = tokenCollection.name
  const equals = { familyId }
  const removal = { op: 'deleteWhere', collection, tenantId, index: 'byFamily', equals } as const
  await parts.records.commit([removal])
  await parts.announce([familyId])
  return succeed({ before: viewOf(parts, row), after: undefined })
}
