import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import type { Collection, TenantRow } from '../../storage/index.ts'
import { createMemoryBus, createMemoryRecords } from '../../storage/index.ts'
import { identityCollections } from '../collections.ts'
import { identityConfig } from '../config.ts'
import { createIdentity } from '../identity.ts'
import { codeOf, createRig, createTestRoles, PEPPER, valueOf } from '../test-rig.ts'

interface NoteRow extends TenantRow {
  readonly text: string
}
const noteCollection: Collection<NoteRow> = {
  name: 'notes',
  tenant: true,
  columns: { text: { type: 'text' } },
  indexes: [{ name: 'byText', columns: ['text'] }],
}

async function setUp() {
  const clock = createManualClock()
  const collections = [...identityCollections, noteCollection]
  const records = createMemoryRecords({ collections, clock })
  const identity = createIdentity({
    records,
    bus: createMemoryBus(),
    clock,
    random: createSeededRandom(1),
    config: identityConfig.parse({}),
    peppers: [PEPPER],
    permissions: createTestRoles(),
    cascade: [noteCollection],
  })
  for (const id of ['t1', 't2']) {
    await identity.tenants.create({ id, name: id })
    const user = valueOf(await identity.users.create(id, { login: 'u' })).after!
    const key = valueOf(await identity.keys.create(id, { name: 'k', userId: user.id })).after
    await identity.tokens.issue(id, { kind: 'key', id: key.id })
    const row = { id: 'n', tenantId: id, text: 'x', createdAtMs: 1, updatedAtMs: 1 }
    await records.commit([{ op: 'insert', collection: 'notes', row }])
  }
  const count = async (tenantId: string): Promise<number> => {
    let rows = 0
    for (const collection of collections) {
      if (!collection.tenant) continue
      const index = collection.indexes.find((each) => !('acrossTenants' in each))
      const reader = records.tenant(tenantId, collection as unknown as Collection<NoteRow>)
      rows += await reader.count({ index: index?.name ?? '', equals: {} })
    }
    return rows
  }
  return { identity, records, count }
}

describe('deleting a tenant', () => {
  test('removes every row of it, in foreign collections too, and nothing of another', async () => {
    const { identity, count } = await setUp()
    const before = await count('t2')
    expect([await count('t1'), before > 5]).toEqual([before, true])
    expect(codeOf(await identity.tenants.delete('t1'))).toBe('ok')
    expect([await count('t1'), await count('t2')]).toEqual([0, before])
    expect(codeOf(await identity.tenants.get('t1'))).toBe('not_found')
  })

  test('while keys and users are made in it leaves nothing behind', async () => {
    const { identity, count } = await setUp()
    const makers = Array.from({ length: 40 }, (_, at) => [
      identity.keys.create('t1', { name: `k${at}` }),
      identity.users.create('t1', { login: `u${at}` }),
    ]).flat()
    await Promise.all([...makers.slice(0, 30), identity.tenants.delete('t1'), ...makers.slice(30)])
    expect(await count('t1')).toBe(0)
  })

  test('and making one of the same id again does not bring its keys back', async () => {
    const rig = await createRig()
    const { secret } = valueOf(await rig.identity.keys.create('t1', { name: 'k' }))
    expect(codeOf(await rig.resolve(secret))).toBe('ok')
    await rig.identity.tenants.delete('t1')
    await rig.identity.tenants.create({ id: 't1', name: 'Again' })
    expect(codeOf(await rig.resolve(secret))).toBe('credential_invalid')
  })
})

test('a tenant is made, listed, changed in the version that was seen', async () => {
  const { identity } = await createRig()
  const { tenants } = identity
  const made = valueOf(await tenants.create({ name: 'Three', plan: 'gold' })).after!
  expect(made).toMatchObject({ status: 'active', plan: 'gold', version: 1 })
  expect(made.id).toStartWith('ten_')
  await identity.keys.create(made.id, { name: 'k' })
  const changed = valueOf(await tenants.update(made.id, { plan: null }, { ifVersion: 1 }))
  expect([changed.before?.plan, changed.after?.plan, changed.after?.version]).toEqual([
    'gold',
    null,
    2,
  ])
  const codes = [
    await tenants.suspend(made.id, { ifVersion: 1 }),
    await tenants.delete(made.id, { ifVersion: 1 }),
    await tenants.create({ id: made.id, name: 'Double' }),
    await tenants.create({ id: 'No Good', name: 'x' }),
    await tenants.suspend('ghost'),
  ].map(codeOf)
  expect(codes).toEqual([
    'precondition_failed',
    'precondition_failed',
    'conflict',
    'request_invalid',
    'not_found',
  ])
  await tenants.suspend(made.id)
  const suspended = await tenants.list({ status: 'suspended' })
  expect(suspended.rows.map((row) => row.id)).toEqual([made.id])
  expect((await tenants.list({ limit: 2 })).rows).toHaveLength(2)
})
