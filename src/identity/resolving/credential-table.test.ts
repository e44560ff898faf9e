import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Caller } from '../../core/caller.ts'
import { anonymousCaller, newCaller } from '../../core/caller.ts'
import { createSeededRandom } from '../../core/random.ts'
import { CredentialTable } from './credential-table.ts'
import type { CredentialUse } from './credential-table.ts'

const caller = (id: string): Caller => newCaller({ ...anonymousCaller, id })

/** Digests with the same beginning, so that they collide in the table. */
const digest = (name: number): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes[0] = name % 4
  bytes[20] = name
  return bytes
}

test('the table does what a map does, whatever the order of storing, removing and finding', () => {
  const action = fc.record({
    op: fc.constantFrom('store', 'store', 'remove', 'removeDependent', 'clear', 'find'),
    name: fc.integer({ min: 0, max: 40 }),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const table = new CredentialTable(1000, () => undefined)
      const model = new Map<number, string>()
      for (const { op, name } of actions) {
        if (op === 'store') {
          const tenant = `t${name % 3}`
          table.store(digest(name), caller(`k${name}`), [`k${name}`, '', '', tenant], 100, 1)
          model.set(name, tenant)
        } else if (op === 'remove') {
          table.remove(digest(name))
          model.delete(name)
        } else if (op === 'removeDependent') {
          table.removeDependent(`t${name % 3}`)
          for (const [key, tenant] of model) if (tenant === `t${name % 3}`) model.delete(key)
        } else if (op === 'clear' && name === 0) {
          table.clear()
          model.clear()
        }
        expect(table.size).toBe(model.size)
      }
      for (let name = 0; name <= 40; name++) {
        const slot = table.find(digest(name))
        const found = slot < 0 ? undefined : table.use(slot, 50)?.id
        expect(found).toBe(model.has(name) ? `k${name}` : undefined)
      }
    }),
  )
})

test('entries survive growth, and many of them are all found', () => {
  const random = createSeededRandom(5)
  const table = new CredentialTable(20_000, () => undefined)
  const digests = Array.from({ length: 20_000 }, () => random.bytes(32))
  for (const [at, each] of digests.entries()) {
    table.store(each, caller(`k${at}`), [`k${at}`, '', '', 't'], 100, 1)
  }
  const wrong = digests.filter((each, at) => table.use(table.find(each), 50)?.id !== `k${at}`)
  expect(wrong).toEqual([])
})

test('an entry ends exactly when it ends', () => {
  const table = new CredentialTable(10, () => undefined)
  table.store(digest(1), caller('k'), ['k', '', '', 't'], 100, 1)
  const slot = table.find(digest(1))
  expect([table.use(slot, 99)?.id, table.use(slot, 100)]).toEqual(['k', undefined])
})

test('a caller that is stored again stays the same object as long as nothing about it changes', () => {
  const table = new CredentialTable(10, () => undefined)
  const store = (change: Partial<Caller>): Caller =>
    table.store(digest(1), newCaller({ ...caller('k'), ...change }), ['k', '', '', 't'], 100, 1)
  const first = store({ limits: { daily: 5 } })
  expect(store({ limits: { daily: 5 } })).toBe(first)
  const changes: readonly Partial<Caller>[] = [
    { limits: { daily: 6 } },
    { limits: { daily: 5, rate: 1 } },
    { limits: undefined },
    { limits: { daily: 5 }, expiresAtMs: 200 },
    { limits: { daily: 5 }, plan: 'pro' },
    { limits: { daily: 5 }, roles: [] },
    { limits: { daily: 5 }, permissions: { ...anonymousCaller.permissions } },
    { limits: { daily: 5 }, allowsAddress: () => true },
  ]
  for (const change of changes) {
    const next = store(change)
    expect(next).toEqual(newCaller({ ...caller('k'), ...change }))
    expect(table.use(table.find(digest(1)), 50)).toBe(next)
  }
})

test('beyond its capacity the table evicts, rather what was not used lately', () => {
  const random = createSeededRandom(6)
  const left: CredentialUse[] = []
  const table = new CredentialTable(100, (use) => left.push(use))
  const busy = Array.from({ length: 50 }, () => random.bytes(32))
  for (const each of busy) table.store(each, caller('busy'), ['b', '', '', 't'], 1e9, 1)
  for (let nowMs = 2000; nowMs < 200_000; nowMs += 2000) {
    for (const each of busy) {
      const slot = table.find(each)
      if (slot >= 0) table.use(slot, nowMs)
    }
    table.store(random.bytes(32), caller('idle'), ['i', '', '', 't'], 1e9, nowMs)
  }
  expect(table.size).toBe(100)
  expect(table.evictions).toBe(49)
  expect(left).toHaveLength(49)
  expect(busy.filter((each) => table.find(each) >= 0)).toHaveLength(50)
})
