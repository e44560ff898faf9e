import { describe, expect, test } from 'bun:test'
import type { Caller } from '../../core/caller.ts'
import { createManualClock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import { createSeededRandom } from '../../core/random.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Bus, BusEvent, Records } from '../../storage/index.ts'
import { createMemoryBus, createMemoryRecords } from '../../storage/index.ts'
import { identityCollections } from '../collections.ts'
import { codeOf, createRig, valueOf } from '../test-rig.ts'

const isCaller = (answer: Caller | Refusal): answer is Caller => 'kind' in answer

/** Waits for up to `most` turns of the microtask queue. */
async function linger(random: Random, most: number): Promise<void> {
  for (let turns = Math.floor(random.fraction() * most); turns > 0; turns--) await Promise.resolve()
}

/** Records whose reads take a while, before and after they look. */
function slowRecords(inner: Records, random: Random): Records {
  const slow =
    <A extends readonly unknown[], T>(read: (...wanted: A) => Promise<T>) =>
    async (...wanted: A): Promise<T> => {
      await linger(random, 6)
      const found = await read(...wanted)
      await linger(random, 6)
      return found
    }
  return {
    ...inner,
    across(collection) {
      const reader = inner.across(collection)
      return { ...reader, getBy: slow((...by) => reader.getBy(...by)) }
    },
    tenant(tenantId, collection) {
      const reader = inner.tenant(tenantId, collection)
      return {
        ...reader,
        get: slow((id: string) => reader.get(id)),
        getBy: slow((...by) => reader.getBy(...by)),
      }
    },
    global(collection) {
      const reader = inner.global(collection)
      return { ...reader, get: slow((id: string) => reader.get(id)) }
    },
  }
}

describe('revoked while being loaded, at any moment: never let in afterwards', () => {
  const ROUNDS = 2500

  async function race(
    seed: number,
    prepare: (
      rig: Awaited<ReturnType<typeof createRig>>,
      round: number,
    ) => Promise<{
      credential: string
      end: () => Promise<{ readonly ok: boolean }>
    }>,
  ): Promise<{ stale: number; fenced: number }> {
    const random = createSeededRandom(seed)
    const clock = createManualClock()
    const inner = createMemoryRecords({ collections: identityCollections, clock })
    const rig = await createRig({ clock, records: slowRecords(inner, random) })
    await rig.identity.tenants.create({ id: 't1', name: 'One' })
    let stale = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { credential, end } = await prepare(rig, round)
      let ended = false
      const early: Promise<void>[] = []
      const present = async (): Promise<void> => {
        const answer = await rig.identity.resolve(credential, clock.nowMs())
        if (isCaller(answer) && ended) stale++
      }
      early.push(present())
      await linger(random, 25)
      const ending = end().then((outcome) => {
        expect(outcome.ok).toBe(true)
        ended = true
        return undefined
      })
      early.push(present())
      await linger(random, 20)
      early.push(present())
      await ending
      if (isCaller(await rig.identity.resolve(credential, clock.nowMs()))) stale++
      await Promise.all(early)
      if (isCaller(await rig.identity.resolve(credential, clock.nowMs()))) stale++
    }
    return { stale, fenced: rig.identity.stats().fenced }
  }

  test('a key', async () => {
    const { stale, fenced } = await race(1, async ({ identity }) => {
      const made = valueOf(await identity.keys.create('t1', { name: 'k' }))
      return { credential: made.secret, end: () => identity.keys.revoke('t1', made.after.id) }
    })
    expect(stale).toBe(0)
    expect(fenced).toBeGreaterThan(ROUNDS / 50) // loads really were cut across
  })

  test('a token, by the key it came from', async () => {
    const { stale, fenced } = await race(2, async ({ identity }) => {
      const key = valueOf(await identity.keys.create('t1', { name: 'k' }))
      const owner = { kind: 'key', id: key.after.id } as const
      const { accessToken } = valueOf(await identity.tokens.issue('t1', owner))
      return { credential: accessToken, end: () => identity.keys.delete('t1', key.after.id) }
    })
    expect(stale).toBe(0)
    expect(fenced).toBeGreaterThan(ROUNDS / 50) // loads really were cut across
  })

  test('a token, by its family', async () => {
    const { stale, fenced } = await race(3, async ({ identity }) => {
      const key = valueOf(await identity.keys.create('t1', { name: 'k' }))
      const owner = { kind: 'key', id: key.after.id } as const
      const { accessToken, refreshToken = '' } = valueOf(await identity.tokens.issue('t1', owner))
      return { credential: accessToken, end: () => identity.tokens.revokePresented(refreshToken) }
    })
    expect(stale).toBe(0)
    expect(fenced).toBeGreaterThan(ROUNDS / 50) // loads really were cut across
  })

  test('a key, by its tenant', async () => {
    const { stale, fenced } = await race(4, async ({ identity }, round) => {
      const tenantId = `r${round}`
      await identity.tenants.create({ id: tenantId, name: 'R' })
      const key = valueOf(await identity.keys.create(tenantId, { name: 'k' }))
      const end = () =>
        round % 2 === 0 ? identity.tenants.suspend(tenantId) : identity.tenants.delete(tenantId)
      return { credential: key.secret, end }
    })
    expect(stale).toBe(0)
    expect(fenced).toBeGreaterThan(ROUNDS / 50) // loads really were cut across
  })
})

test('a token that is refreshed between the readings of its row is not taken for the next one', async () => {
  const inner = createMemoryRecords({
    collections: identityCollections,
    clock: createManualClock(),
  })
  const afterRead: (() => Promise<unknown>)[] = []
  const records: Records = {
    ...inner,
    across(collection) {
      const reader = inner.across(collection)
      const getBy: typeof reader.getBy = async (...by) => {
        const found = await reader.getBy(...by)
        await afterRead.pop()?.()
        return found
      }
      return { ...reader, getBy }
    },
  }
  const { identity, resolve } = await createRig({ records })
  await identity.tenants.create({ id: 't1', name: 'One' })
  const key = valueOf(await identity.keys.create('t1', { name: 'k' }))
  const owner = { kind: 'key', id: key.after.id } as const
  const { accessToken, refreshToken = '' } = valueOf(await identity.tokens.issue('t1', owner))
  let next = ''
  afterRead.push(async () => {
    next = valueOf(await identity.tokens.refresh(refreshToken)).accessToken
  })
  expect(isCaller(await resolve(accessToken))).toBe(false)
  expect(isCaller(await resolve(next))).toBe(true)
})

test('a role that changes while a key is loaded is not missed', async () => {
  const random = createSeededRandom(9)
  const clock = createManualClock()
  const inner = createMemoryRecords({ collections: identityCollections, clock })
  const rig = await createRig({ clock, records: slowRecords(inner, random) })
  await rig.identity.tenants.create({ id: 't1', name: 'One' })
  const { secret } = valueOf(await rig.identity.keys.create('t1', { name: 'k', roles: ['reader'] }))
  let stale = 0
  for (let round = 0; round < 2000; round++) {
    rig.roles.roles.set('reader', ['scene:read'])
    rig.roles.changed('t1')
    const early = rig.resolve(secret)
    await linger(random, 25)
    rig.roles.roles.set('reader', [])
    rig.roles.changed('t1')
    await early
    const answer = await rig.resolve(secret)
    if (isCaller(answer) && answer.permissions.has('scene:read')) stale++
  }
  expect(stale).toBe(0)
})

describe('on another instance', () => {
  async function twoInstances(bus: Bus) {
    const one = await createRig({ bus })
    const other = await createRig({ bus, records: one.records, clock: one.clock, seed: 2 })
    const made = valueOf(await one.identity.keys.create('t1', { name: 'k' }))
    expect(codeOf(await other.resolve(made.secret))).toBe('ok')
    return { one, other, made }
  }

  test('a revoked key is refused as soon as the bus has told of it', async () => {
    const { one, other, made } = await twoInstances(createMemoryBus())
    await one.identity.keys.revoke('t1', made.after.id)
    expect(codeOf(await other.resolve(made.secret))).toBe('credential_invalid')
  })

  test('a gap on the bus empties the memory', async () => {
    const listeners = new Set<(event: BusEvent) => void>()
    const deaf: Bus = {
      publish: async () => undefined,
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      close: async () => undefined,
    }
    const { one, other, made } = await twoInstances(deaf)
    await one.identity.keys.revoke('t1', made.after.id)
    expect(codeOf(await other.resolve(made.secret))).toBe('ok') // nothing was heard
    for (const listener of listeners) listener({ kind: 'gap' })
    expect(other.identity.stats().entries).toBe(0)
    expect(codeOf(await other.resolve(made.secret))).toBe('credential_invalid')
  })

  test('without any word a revoked key is refused within the age bound', async () => {
    const deaf: Bus = {
      publish: async () => undefined,
      subscribe: () => () => undefined,
      close: async () => undefined,
    }
    const { one, other, made } = await twoInstances(deaf)
    await one.identity.keys.revoke('t1', made.after.id)
    one.clock.advance(30_000)
    expect(codeOf(await other.resolve(made.secret))).toBe('credential_invalid')
  })

  test('a process that owns its records trusts them longer, and refuses a revoked key as soon', async () => {
    const { identity, clock, resolve } = await createRig({ ownsRecords: true })
    const made = valueOf(await identity.keys.create('t1', { name: 'a', roles: ['reader'] }))
    expect(codeOf(await resolve(made.secret))).toBe('ok')
    const { loads } = identity.stats()
    clock.advance(9 * 60_000 - 1)
    expect(codeOf(await resolve(made.secret))).toBe('ok')
    expect(identity.stats().loads).toBe(loads)
    await identity.keys.revoke('t1', made.after.id)
    expect(codeOf(await resolve(made.secret))).toBe('credential_invalid')
  })

  test('a change that cannot be announced is in force here, and its maker hears of the failure', async () => {
    let broken = false
    const bus: Bus = {
      publish: async () => {
        if (broken) throw new Error('bus is down')
      },
      subscribe: () => () => undefined,
      close: async () => undefined,
    }
    const { one, made } = await twoInstances(bus)
    expect(codeOf(await one.resolve(made.secret))).toBe('ok')
    broken = true
    expect(one.identity.keys.revoke('t1', made.after.id)).rejects.toThrow('bus is down')
    expect(codeOf(await one.resolve(made.secret))).toBe('credential_invalid')
  })
})
