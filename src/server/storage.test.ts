import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { gatewayConfig } from '../gate/index.ts'
import { identityCollections } from '../identity/index.ts'
import type { AnyCollection } from '../storage/index.ts'
import { openSqlite } from '../storage/index.ts'
import { openStorage } from './storage.ts'

/** Tokens as the first version kept them. */
const firstCollections = identityCollections.map((collection): AnyCollection => {
  const columns = Object.entries(collection.columns).filter(([name]) => name !== 'accessTtlMs')
  return { ...(collection as AnyCollection), columns: Object.fromEntries(columns) }
})
const [, , tokens] = identityCollections

test('a data folder of the first version is opened, and its tokens are there', async () => {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-storage-'))
  const folder = { path, database: join(path, 'tollgate.db'), ledger: join(path, 'ledger') }
  mkdirSync(folder.ledger)
  try {
    const clock = systemClock
    const first = await openSqlite({ path: folder.database, collections: firstCollections, clock })
    const row = {
      id: 'token_1',
      tenantId: 'acme',
      publicId: 'abc',
      digest: new Uint8Array(32),
      pepperVersion: 1,
      kind: 'refresh',
      familyId: 'family_1',
      ownerKind: 'key',
      ownerId: 'key_1',
      scope: null,
      expiresAtMs: 1,
      usedAtMs: null,
      createdAtMs: 1,
      updatedAtMs: 1,
    }
    expect(await first.commit([{ op: 'insert', collection: 'tokens', row }])).toEqual({ ok: true })
    await first.close()
    for (let start = 0; start < 2; start++) {
      const { records, log, close } = await openStorage(gatewayConfig.parse({}), folder, clock)
      const found = await records.tenant('acme', tokens).get('token_1')
      expect(found).toMatchObject({ publicId: 'abc', accessTtlMs: null })
      await log.close()
      await close()
    }
  } finally {
    rmSync(path, { recursive: true })
  }
})
