import type { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from './database.ts'
import type { TenantMemories } from './memories.ts'
import { createTenantMemories } from './memories.ts'

/** All tenants' memories. */
export interface MemoryStore {
  /**
   * The memories of a tenant. Get them anew for each use: with many tenants, the least recently used
   * databases are closed.
   */
  tenant(tenantId: string): TenantMemories
  close(): void
}

const OPEN_MAX = 64

/**
 * Opens a store in a folder. Each tenant has its own database file, so no query can reach another tenant's
 * memories, and not even the ranking of words reveals anything about them.
 */
export function openMemoryStore(folder: string): MemoryStore {
  mkdirSync(folder, { recursive: true })
  const open = new Map<string, { database: Database; memories: TenantMemories }>()
  return {
    tenant(tenantId) {
      const known = open.get(tenantId)
      if (known !== undefined) {
        open.delete(tenantId)
        open.set(tenantId, known)
        return known.memories
      }
      const [oldest] = open
      if (oldest !== undefined && open.size >= OPEN_MAX) {
        oldest[1].database.close()
        open.delete(oldest[0])
      }
      const database = openDatabase(join(folder, `${fileName(tenantId)}.db`))
      const memories = createTenantMemories(database)
      open.set(tenantId, { database, memories })
      return memories
    },
    close() {
      for (const { database } of open.values()) database.close()
      open.clear()
    },
  }
}

/** A digest, so that a tenant id cannot name a path. */
const fileName = (tenantId: string): string =>
  createHash('sha256').update(tenantId).digest('hex').slice(0, 40)
