import { equalConstantTime, toBase62 } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import { sha256 } from '../../core/digest.ts'
import type { Random } from '../../core/random.ts'
import type { BaseRow, Collection, Records } from '../../storage/index.ts'

interface RootKeyRow extends BaseRow {
  readonly digest: Uint8Array
}

/** The one row that holds the digest of the root key. */
export const rootKeyCollection: Collection<RootKeyRow> = {
  name: 'admin_root_keys',
  tenant: false,
  columns: { digest: { type: 'bytes' } },
  indexes: [],
}

const ROW_ID = 'root'
const SECRET_BYTES = 32
const PREFIX = 'tollgate_root_'
const FORM = /^tollgate_root_[0-9A-Za-z]{43}$/

/** The root key. It permits everything, so it is made here and kept only as a digest. */
export interface RootKey {
  /** The secret, if it has just been made; show it once and forget it. */
  readonly created: string | undefined
  /** Whether `credential` has the form of a root key at all. */
  isForm(credential: string): boolean
  /** Whether it is the root key; constant-time. */
  matches(credential: string): boolean
  /** Makes a new secret; the old one stops working before this resolves. */
  rotate(): Promise<string>
}

/** What {@link openRootKey} needs. */
export interface RootKeyWorld {
  readonly records: Records
  readonly clock: Clock
  readonly random: Random
}

/** Reads the root key's digest, or makes the key if there is none yet. */
export async function openRootKey(world: RootKeyWorld): Promise<RootKey> {
  const stored = await world.records.global(rootKeyCollection).get(ROW_ID)
  const first = stored === undefined ? await store(world, 'insert') : undefined
  let digest = first?.digest ?? stored?.digest ?? new Uint8Array()
  return {
    created: first?.secret,
    isForm: (credential) => FORM.test(credential),
    matches: (credential) => FORM.test(credential) && equalConstantTime(sha256(credential), digest),
    async rotate() {
      const made = await store(world, 'update')
      digest = made.digest
      return made.secret
    },
  }
}

async function store(
  { records, clock, random }: RootKeyWorld,
  op: 'insert' | 'update',
): Promise<{ readonly secret: string; readonly digest: Uint8Array }> {
  const secret = `${PREFIX}${toBase62(random.bytes(SECRET_BYTES), 43)}`
  const digest = sha256(secret)
  const nowMs = clock.nowMs()
  const collection = rootKeyCollection.name
  const outcome = await records.commit([
    op === 'insert'
      ? { op, collection, row: { id: ROW_ID, createdAtMs: nowMs, updatedAtMs: nowMs, digest } }
      : { op, collection, id: ROW_ID, set: { digest, updatedAtMs: nowMs } },
  ])
  if (!outcome.ok) throw new Error(`the root key could not be stored: ${outcome.reason}`)
  return { secret, digest }
}
