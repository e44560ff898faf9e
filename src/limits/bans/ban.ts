import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { BaseRow, Collection } from '../../storage/index.ts'
import { retryAfterSeconds } from '../headers.ts'

/** What a ban is on: an address or network, or the id of a credential or user and so everything that acts for it. */
export type BanKind = 'address' | 'key'

/** The expiry of a permanent ban: later than any clock. */
export const NEVER_MS = Number.MAX_SAFE_INTEGER

/** A ban as stored. The row outlives the ban for as long as it makes the next ban of its subject longer. */
export interface Ban extends BaseRow {
  readonly kind: BanKind
  /** Canonical address (`203.0.113.7`), network (`2001:db8::/64`), id of a credential or user. */
  readonly subject: string
  readonly reason: string
  /** Which ban in a row this is, 1 for the first; 0 for a ban by hand. */
  readonly level: number
  /** When it ends, in milliseconds since the epoch; {@link NEVER_MS} when permanent. */
  readonly expiresAtMs: number
  /** Who banned by hand; null when automatic. */
  readonly bannedBy: string | null
  /** The tenant of the credential, when known. */
  readonly ownerTenantId: string | null
}

/** The collection `bans`. */
export const bansCollection: Collection<Ban> = {
  name: 'bans',
  tenant: false,
  columns: {
    kind: { type: 'text' },
    subject: { type: 'text' },
    reason: { type: 'text' },
    level: { type: 'integer' },
    expiresAtMs: { type: 'integer' },
    bannedBy: { type: 'text', nullable: true },
    ownerTenantId: { type: 'text', nullable: true },
  },
  indexes: [
    { name: 'bans_by_subject', columns: ['kind', 'subject'], unique: true },
    { name: 'bans_by_expiry', columns: ['expiresAtMs'] },
  ],
}

/** The refusal that a banned caller gets: it says until when, but never why. */
export function banRefusal(ban: Ban, nowMs: number): Refusal {
  const internal = `ban ${ban.id}: ${ban.reason}`
  if (ban.expiresAtMs === NEVER_MS) return refuse('banned', { internal })
  return refuse('banned', {
    extra: { until: new Date(ban.expiresAtMs).toISOString() },
    headers: { 'Retry-After': `${retryAfterSeconds(ban.expiresAtMs - nowMs)}` },
    internal,
  })
}
