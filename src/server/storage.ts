import type { Clock } from '../core/clock.ts'
import { closeAll } from '../core/close-all.ts'
import { systemRandom } from '../core/random.ts'
import type { GatewayConfig, NounStorage } from '../gate/index.ts'
import { identityCollections } from '../identity/index.ts'
import { bansCollection } from '../limits/index.ts'
import { policyCollections } from '../policy/index.ts'
import type { AnyCollection, Log, Migration } from '../storage/index.ts'
import {
  COUNTER_ROWS,
  createDurableCounters,
  createMemoryBus,
  createMemoryLog,
  createMemoryRecords,
  openFileLog,
  openSqlite,
} from '../storage/index.ts'
import { idempotencyCollection } from './admin/idempotency.ts'
import { rootKeyCollection } from './admin/root-key.ts'
import type { DataFolder } from './data-folder.ts'
import type { SharedBus } from './shared-bus.ts'

/** SQLite's own message says neither which file is damaged nor what to do. */
function explainDamage(error: unknown, path: string): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'SQLITE_NOTADB' && code !== 'SQLITE_CORRUPT') throw error
  const message = `${path} is damaged; keep it, and restore the data folder from a backup`
  throw new Error(message, { cause: error })
}

/** The opened storage in which the nouns keep their state. */
export interface Storage extends NounStorage {
  /** Closes what {@link openStorage} opened; close the nouns first. */
  close(): Promise<void>
}

/** Every collection of the program. */
const COLLECTIONS: readonly AnyCollection[] = [
  ...identityCollections,
  ...policyCollections,
  bansCollection,
  idempotencyCollection,
  rootKeyCollection,
  COUNTER_ROWS,
]

/** Convert what earlier versions stored to what this one reads. */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 2,
    name: 'keep the lifetime that access tokens were asked for with',
    up: async (builder) => {
      await builder.schema.alterTable('tokens').addColumn('accessTtlMs', 'bigint').execute()
    },
  },
]

/**
 * Opens storage as the configuration says: one SQLite file and log segments, or only memory. Notices of changes go over
 * the shared bus, if there is one.
 */
export async function openStorage(
  config: GatewayConfig,
  folder: DataFolder,
  clock: Clock,
  shared?: SharedBus,
): Promise<Storage> {
  const isMemory = config.storage.kind === 'memory'
  const records = isMemory
    ? createMemoryRecords({ collections: COLLECTIONS, clock })
    : await openSqlite({
        path: folder.database,
        collections: COLLECTIONS,
        migrations: MIGRATIONS,
        clock,
      }).catch((error: unknown) => explainDamage(error, folder.database))
  const counters = createDurableCounters({
    records,
    entriesMax: config.storage.counters,
    seed: new Uint32Array(systemRandom.bytes(4).slice().buffer)[0],
  })
  // The ledger seals its segments itself, so the log never rotates on its own.
  const openLog = async (create: boolean): Promise<Log> =>
    isMemory
      ? createMemoryLog()
      : openFileLog({ folder: folder.ledger, segmentBytesMax: Infinity, create })
  const log = await openLog(true)
  const bus = shared?.bus ?? createMemoryBus()
  return {
    records,
    counters,
    log,
    ...(!isMemory && { reopenLog: async () => openLog(false) }),
    bus,
    ownsRecords: shared === undefined,
    ...(!isMemory && { indexFolder: folder.ledger }),
    close: async () => closeAll([() => counters.close(), () => bus.close(), () => records.close()]),
  }
}
