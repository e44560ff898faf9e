import type { Caller } from '../../core/caller.ts'
import type { Records } from '../../storage/index.ts'
import { keyCollection, sessionCollection, tokenCollection, useCollection } from '../collections.ts'
import type { KeyRow, SessionRow, TokenRow } from '../collections.ts'
import type { IdentityConfig } from '../config.ts'
import type { CredentialSort } from '../credentials/format.ts'
import type { Peppers } from '../credentials/peppers.ts'
import { matchesDigest, NO_DIGEST } from '../credentials/peppers.ts'
import type { Fence } from './fences.ts'
import type { CallerMaker, LoadedCaller } from './principal.ts'
import { keyPrincipal, keyRefusal } from './principal.ts'
import type { Reason } from './refusals.ts'

/** A credential that passed the scan, with its digest under the current pepper. */
export interface PresentedCredential {
  readonly text: string
  readonly sort: CredentialSort
  readonly publicId: string
  readonly digest: Uint8Array
  /** The last use that this instance knows of and has not written; 0 for none. */
  readonly lastUseMs: (id: string) => number
}

/** A caller, and until when at most it may be trusted. */
export interface LoadedCredential extends LoadedCaller {
  readonly validUntilMs: number
}

/** What loading needs. */
export interface LoadParts {
  readonly records: Records
  readonly peppers: Peppers
  readonly config: IdentityConfig
  readonly makeCaller: CallerMaker
  /** Moves a key's digest to the current pepper, in the background. */
  readonly upgradeKey: (row: KeyRow, digest: Uint8Array) => void
}

type Loading = (
  parts: LoadParts,
  presented: PresentedCredential,
  fence: Fence,
  nowMs: number,
) => Promise<LoadedCredential | Reason>

/** Reads a credential and everything that it depends on from storage, and checks all of it. */
export const loadCredential: Loading = async (parts, presented, fence, nowMs) => {
  if (presented.sort === 'rt') return 'kind'
  if (presented.sort === 'at') return loadToken(parts, presented, fence, nowMs)
  if (presented.sort === 'ss') return loadSession(parts, presented, fence, nowMs)
  return loadKey(parts, presented, fence, nowMs)
}

const loadKey: Loading = async (parts, presented, fence, nowMs) => {
  const { records, peppers } = parts
  fence.dependsOn(`key_${presented.publicId}`)
  const row = await records
    .across(keyCollection)
    .getBy('byPublicId', { publicId: presented.publicId })
  const current = matchesDigest(peppers, presented.text, presented.digest, row ?? NO_DIGEST)
  const previous = matchesDigest(peppers, presented.text, presented.digest, previousDigest(row))
  if (row === undefined || !(current || previous)) return 'unknown'
  if (!current && (row.previousExpiresAtMs ?? 0) <= nowMs) return 'expired'
  const accepted: readonly string[] = parts.config.keys.environments
  if (row.environment !== presented.sort || !accepted.includes(presented.sort)) {
    return 'environment'
  }
  const refused = keyRefusal(row, nowMs)
  if (refused !== undefined) return refused
  const endsMs = row.expiresAtMs ?? Infinity
  const expiresAtMs = current ? endsMs : Math.min(endsMs, row.previousExpiresAtMs ?? 0)
  const loaded = await parts.makeCaller(keyPrincipal(row, expiresAtMs), fence)
  if (typeof loaded === 'string') return loaded
  if (current && row.pepperVersion !== peppers.current.version) {
    parts.upgradeKey(row, presented.digest)
  }
  return { ...loaded, validUntilMs: expiresAtMs }
}

/** The caller of a key without its secret, or why there is none; `undefined` if the key does not exist. */
export async function loadKeyById(
  { records, config, makeCaller }: Pick<LoadParts, 'records' | 'config' | 'makeCaller'>,
  tenantId: string,
  keyId: string,
  nowMs: number,
): Promise<Caller | Reason | undefined> {
  const row = await records.tenant(tenantId, keyCollection).get(keyId)
  if (row === undefined) return undefined
  const accepted: readonly string[] = config.keys.environments
  if (!accepted.includes(row.environment)) return 'environment'
  const refused = keyRefusal(row, nowMs)
  if (refused !== undefined) return refused
  const loaded = await makeCaller(keyPrincipal(row, row.expiresAtMs ?? Infinity), UNFENCED)
  return typeof loaded === 'string' ? loaded : loaded.caller
}

/** A load whose result is not remembered needs no fence. */
const UNFENCED: Fence = { dependsOn: () => {}, isBroken: () => false, end: () => {} }

function previousDigest(row: KeyRow | undefined) {
  const digest = row?.previousDigest ?? undefined
  const pepperVersion = row?.previousPepperVersion ?? 0
  return digest === undefined ? NO_DIGEST : { digest, pepperVersion }
}

const loadToken: Loading = async (parts, presented, fence, nowMs) => {
  const { records, peppers } = parts
  fence.dependsOn(`token_${presented.publicId}`)
  const row = await records
    .across(tokenCollection)
    .getBy('byPublicId', { publicId: presented.publicId })
  const matches = matchesDigest(peppers, presented.text, presented.digest, row ?? NO_DIGEST)
  if (row === undefined || !matches || row.kind !== 'access') return 'unknown'
  // The family was unknown before the row was read, so read the row again behind the fence.
  fence.dependsOn(row.familyId)
  fence.dependsOn(row.ownerId)
  const again = await records.tenant(row.tenantId, tokenCollection).get(row.id)
  // The token was refreshed meanwhile: the id is now that of its successor.
  if (again?.publicId !== row.publicId) return 'revoked'
  if (row.expiresAtMs <= nowMs) return 'expired'
  const loaded =
    row.ownerKind === 'key'
      ? await keyTokenCaller(parts, row, fence, nowMs)
      : await parts.makeCaller(
          {
            ...ownedBy(row),
            ownerId: '',
            userId: row.ownerId,
            actsAsUser: true,
            roles: [],
            permissions: [],
            plan: null,
            limits: null,
            allowedCidrs: [],
          },
          fence,
        )
  return typeof loaded === 'string' ? loaded : { ...loaded, validUntilMs: row.expiresAtMs }
}

const ownedBy = (row: TokenRow) => ({
  id: row.id,
  kind: 'token' as const,
  tenantId: row.tenantId,
  familyId: row.familyId,
  scope: row.scope,
  expiresAtMs: row.expiresAtMs,
})

async function keyTokenCaller(
  parts: LoadParts,
  row: TokenRow,
  fence: Fence,
  nowMs: number,
): Promise<LoadedCaller | Reason> {
  const key = await parts.records.tenant(row.tenantId, keyCollection).get(row.ownerId)
  if (key === undefined || keyRefusal(key, nowMs) !== undefined) return 'owner'
  const expiresAtMs = Math.min(row.expiresAtMs, key.expiresAtMs ?? Infinity)
  const own = { ...ownedBy(row), ownerId: key.id, expiresAtMs }
  return parts.makeCaller({ ...keyPrincipal(key, expiresAtMs), ...own }, fence)
}

const loadSession: Loading = async (parts, presented, fence, nowMs) => {
  const { records, peppers } = parts
  fence.dependsOn(`session_${presented.publicId}`)
  const row = await records
    .across(sessionCollection)
    .getBy('byPublicId', { publicId: presented.publicId })
  const matches = matchesDigest(peppers, presented.text, presented.digest, row ?? NO_DIGEST)
  if (row === undefined || !matches) return 'unknown'
  if (row.expiresAtMs <= nowMs) return 'expired'
  const use = await records.tenant(row.tenantId, useCollection).get(row.id)
  const lastSeenMs = Math.max(row.createdAtMs, use?.lastUsedAtMs ?? 0, presented.lastUseMs(row.id))
  const idleAtMs = lastSeenMs + parts.config.sessions.idleTimeout
  if (idleAtMs <= nowMs) return 'idle'
  const loaded = await parts.makeCaller(sessionPrincipal(row), fence)
  if (typeof loaded === 'string') return loaded
  // This use itself counts: the cache trusts the session only for its own maximum age, far below the idle time.
  return {
    ...loaded,
    validUntilMs: Math.min(row.expiresAtMs, nowMs + parts.config.sessions.idleTimeout),
  }
}

const sessionPrincipal = (row: SessionRow) => ({
  id: row.id,
  kind: 'session' as const,
  tenantId: row.tenantId,
  familyId: row.id,
  ownerId: '',
  userId: row.userId,
  actsAsUser: true,
  roles: [],
  permissions: [],
  scope: null,
  plan: null,
  limits: null,
  allowedCidrs: [],
  expiresAtMs: row.expiresAtMs,
})
