import type { BaseRow, Collection, TenantRow } from '../storage/index.ts'

/** A tenant, as stored. */
export interface TenantRecord extends BaseRow {
  readonly name: string
  readonly status: string
  readonly plan: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

/** The stored form that a presented credential is checked against. */
export interface CredentialRow extends TenantRow {
  readonly publicId: string
  readonly digest: Uint8Array
  readonly pepperVersion: number
}

/** An API key, as stored: only digests. */
export interface KeyRow extends CredentialRow {
  readonly name: string
  readonly environment: string
  readonly previousDigest: Uint8Array | null
  readonly previousPepperVersion: number | null
  readonly previousExpiresAtMs: number | null
  readonly userId: string | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly allowedCidrs: readonly string[]
  readonly limits: Readonly<Record<string, number>> | null
  readonly plan: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly expiresAtMs: number | null
  readonly disabled: boolean
  readonly revokedAtMs: number | null
  readonly createdBy: string | null
  readonly rotatedAtMs: number | null
}

/** An access or refresh token, as stored. */
export interface TokenRow extends CredentialRow {
  readonly kind: string
  readonly familyId: string
  readonly ownerKind: string
  readonly ownerId: string
  readonly scope: readonly string[] | null
  readonly expiresAtMs: number
  /** Lifetime of the family's access tokens, if one was requested. */
  readonly accessTtlMs: number | null
  /** When a refresh token was exchanged; using it again means theft. */
  readonly usedAtMs: number | null
}

/** A session, as stored. */
export interface SessionRow extends CredentialRow {
  readonly userId: string
  readonly address: string
  readonly userAgent: string | null
  readonly expiresAtMs: number
}

/** A user, as stored. */
export interface UserRow extends TenantRow {
  readonly login: string
  readonly name: string | null
  readonly passwordHash: string | null
  /** When the password was set; rehashing it at a different cost does not count. */
  readonly passwordSetAtMs: number | null
  readonly disabled: boolean
  readonly metadata: Readonly<Record<string, unknown>>
}

/** When a key, session or user was last used; stored separately, so that traffic does not change their versions. */
export interface UseRow extends TenantRow {
  readonly lastUsedAtMs: number | null
  /** Digests of addresses that a user has logged in from, newest first. */
  readonly knownAddresses: readonly string[] | null
}

const credentialColumns = {
  publicId: { type: 'text' },
  digest: { type: 'bytes' },
  pepperVersion: { type: 'integer' },
} as const

const byPublicId = {
  name: 'byPublicId',
  columns: ['publicId'],
  unique: true,
  acrossTenants: true,
} as const

const byExpiry = { name: 'byExpiry', columns: ['expiresAtMs'], acrossTenants: true } as const

export const tenantCollection: Collection<TenantRecord> = {
  name: 'tenants',
  tenant: false,
  columns: {
    name: { type: 'text' },
    status: { type: 'text' },
    plan: { type: 'text', nullable: true },
    metadata: { type: 'json' },
  },
  indexes: [
    { name: 'byCreated', columns: ['createdAtMs'] },
    { name: 'byStatus', columns: ['status', 'createdAtMs'] },
  ],
}

export const keyCollection: Collection<KeyRow> = {
  name: 'keys',
  tenant: true,
  columns: {
    ...credentialColumns,
    name: { type: 'text' },
    environment: { type: 'text' },
    previousDigest: { type: 'bytes', nullable: true },
    previousPepperVersion: { type: 'integer', nullable: true },
    previousExpiresAtMs: { type: 'integer', nullable: true },
    userId: { type: 'text', nullable: true },
    roles: { type: 'json' },
    permissions: { type: 'json' },
    allowedCidrs: { type: 'json' },
    limits: { type: 'json', nullable: true },
    plan: { type: 'text', nullable: true },
    metadata: { type: 'json' },
    expiresAtMs: { type: 'integer', nullable: true },
    disabled: { type: 'boolean' },
    revokedAtMs: { type: 'integer', nullable: true },
    createdBy: { type: 'text', nullable: true },
    rotatedAtMs: { type: 'integer', nullable: true },
  },
  indexes: [
    byPublicId,
    { name: 'byCreated', columns: ['createdAtMs'] },
    { name: 'byUser', columns: ['userId', 'createdAtMs'] },
  ],
}

export const tokenCollection: Collection<TokenRow> = {
  name: 'tokens',
  tenant: true,
  columns: {
    ...credentialColumns,
    kind: { type: 'text' },
    familyId: { type: 'text' },
    ownerKind: { type: 'text' },
    ownerId: { type: 'text' },
    scope: { type: 'json', nullable: true },
    expiresAtMs: { type: 'integer' },
    accessTtlMs: { type: 'integer', nullable: true },
    usedAtMs: { type: 'integer', nullable: true },
  },
  indexes: [
    byPublicId,
    byExpiry,
    { name: 'byCreated', columns: ['createdAtMs'] },
    { name: 'byOwner', columns: ['ownerId', 'createdAtMs'] },
    { name: 'byFamily', columns: ['familyId', 'kind'] },
  ],
}

export const sessionCollection: Collection<SessionRow> = {
  name: 'sessions',
  tenant: true,
  columns: {
    ...credentialColumns,
    userId: { type: 'text' },
    address: { type: 'text' },
    userAgent: { type: 'text', nullable: true },
    expiresAtMs: { type: 'integer' },
  },
  indexes: [byPublicId, byExpiry, { name: 'byUser', columns: ['userId', 'createdAtMs'] }],
}

export const userCollection: Collection<UserRow> = {
  name: 'users',
  tenant: true,
  columns: {
    login: { type: 'text' },
    name: { type: 'text', nullable: true },
    passwordHash: { type: 'text', nullable: true },
    passwordSetAtMs: { type: 'integer', nullable: true },
    disabled: { type: 'boolean' },
    metadata: { type: 'json' },
  },
  indexes: [
    { name: 'byLogin', columns: ['login'], unique: true },
    { name: 'byCreated', columns: ['createdAtMs'] },
  ],
}

export const useCollection: Collection<UseRow> = {
  name: 'identity_uses',
  tenant: true,
  columns: {
    lastUsedAtMs: { type: 'integer', nullable: true },
    knownAddresses: { type: 'json', nullable: true },
  },
  // There is no index on the last use, because each use would rewrite it.
  indexes: [{ name: 'byCreated', columns: ['createdAtMs'] }],
}

/** What identity keeps in storage. */
export const identityCollections = [
  tenantCollection,
  keyCollection,
  tokenCollection,
  sessionCollection,
  userCollection,
  useCollection,
] as const
