import type { Records } from '../../storage/index.ts'
import type { Ban, BanKind } from './ban.ts'
import { bansCollection } from './ban.ts'

/** The durable side of bans: one row for each subject. */
export interface BanStore {
  /** Writes the row of a subject, whoever wrote it last; resolves with the row once it is on disk. */
  save(ban: Ban): Promise<Ban>
  /** Removes the row of a subject; with `version`, only if it is still that one. */
  remove(ban: Ban, onlyVersion?: number): Promise<boolean>
  find(kind: BanKind, subject: string): Promise<Ban | undefined>
  all(): Promise<readonly Ban[]>
}

const SAVE_ATTEMPTS = 4
const PAGE_ROWS = 1000

/** Creates a {@link BanStore} on `records`. */
export function createBanStore(records: Records): BanStore {
  const reader = records.global(bansCollection)
  const collection = bansCollection.name
  const find = async (kind: BanKind, subject: string): Promise<Ban | undefined> =>
    reader.getBy('bans_by_subject', { kind, subject })

  return {
    find,
    async save(ban) {
      for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt++) {
        const known = await find(ban.kind, ban.subject)
        const outcome = await records.commit([
          known === undefined
            ? { op: 'insert', collection, row: insertable(ban) }
            : {
                op: 'update',
                collection,
                id: known.id,
                set: changeable(ban),
                ifVersion: known.version,
              },
        ])
        const saved = outcome.ok ? await find(ban.kind, ban.subject) : undefined
        if (saved !== undefined) return saved
      }
      throw new Error(`the ban of a subject kept changing while it was written: ${ban.id}`)
    },
    async remove(ban, onlyVersion) {
      const outcome = await records.commit([
        {
          op: 'delete',
          collection,
          id: ban.id,
          ...(onlyVersion === undefined ? {} : { ifVersion: onlyVersion }),
        },
      ])
      return outcome.ok || outcome.reason === 'missing'
    },
    async all() {
      const rows: Ban[] = []
      let cursor: string | undefined
      do {
        const page = await reader.find({
          index: 'bans_by_expiry',
          equals: {},
          limit: PAGE_ROWS,
          ...(cursor === undefined ? {} : { cursor }),
        })
        rows.push(...page.rows)
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return rows
    },
  }
}

const changeable = (
  ban: Ban,
): Pick<
  Ban,
  'reason' | 'level' | 'expiresAtMs' | 'bannedBy' | 'ownerTenantId' | 'updatedAtMs'
> => ({
  reason: ban.reason,
  level: ban.level,
  expiresAtMs: ban.expiresAtMs,
  bannedBy: ban.bannedBy,
  ownerTenantId: ban.ownerTenantId,
  updatedAtMs: ban.updatedAtMs,
})

const insertable = ({ version: _version, ...row }: Ban): Omit<Ban, 'version'> => row
