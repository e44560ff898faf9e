import { describe, expect, test } from 'bun:test'
import type { Caller } from '../../core/caller.ts'
import { createMemoryRecords } from '../../storage/index.ts'
import type { Records } from '../../storage/index.ts'
import { identityCollections, keyCollection } from '../collections.ts'
import { createManualClock } from '../../core/clock.ts'
import { codeOf, createRig, PEPPER, valueOf } from '../test-rig.ts'
import type { Rig } from '../test-rig.ts'

const HOUR_MS = 3_600_000

async function rigWithKey(input: Record<string, unknown> = {}, rigOptions = {}) {
  const rig = await createRig(rigOptions)
  const made = valueOf(
    await rig.identity.keys.create('t1', { name: 'k', roles: ['reader'], ...input }),
  )
  return { ...rig, made, id: made.after.id, secret: made.secret }
}

const callerOf = async (rig: Rig, credential: string): Promise<Caller> => {
  const answer = await rig.resolve(credential)
  if ('code' in answer) throw new Error(`refused: ${answer.internal}`)
  return answer
}

/** Everything about a caller, with its permissions as a list. */
const plain = ({ permissions, ...rest }: Caller) => ({ ...rest, permissions: permissions.list() })

describe('an API key', () => {
  test('a key stands for whom a request with it comes from, or for nobody', async () => {
    const { identity, resolve, roles } = await createRig()
    const user = valueOf(await identity.users.create('t1', { login: 'u' })).after!
    roles.assigned.set(user.id, ['writer'])
    const made = valueOf(
      await identity.keys.create('t1', {
        name: 'k',
        userId: user.id,
        roles: ['reader'],
        limits: { daily: 5 },
        allowedCidrs: ['192.0.2.0/24'],
      }),
    )
    const { id } = made.after
    const caller = await resolve(made.secret)
    expect(plain(valueOf(await identity.callerOfKey('t1', id)))).toEqual(plain(caller as Caller))
    expect(caller).toMatchObject({ plan: 'free', roles: ['reader'], limits: { daily: 5 } })
    expect(codeOf(await identity.callerOfKey('t2', id))).toBe('not_found')
    const ends = [
      [() => identity.keys.disable('t1', id), () => identity.keys.enable('t1', id)],
      [() => identity.users.disable('t1', user.id), () => identity.users.enable('t1', user.id)],
      [() => identity.tenants.suspend('t1'), () => identity.tenants.resume('t1')],
    ] as const
    for (const [end, begin] of ends) {
      valueOf<unknown>(await end())
      expect(codeOf(await identity.callerOfKey('t1', id))).toBe('conflict')
      valueOf<unknown>(await begin())
      expect(codeOf(await identity.callerOfKey('t1', id))).toBe('ok')
    }
  })

  test('is known by its secret, with everything it was given', async () => {
    const rig = await rigWithKey({
      permissions: ['extra:do'],
      limits: { rpm: 7 },
      plan: 'gold',
      allowedCidrs: ['10.0.0.0/8'],
    })
    const caller = await callerOf(rig, rig.secret)
    expect(caller).toMatchObject({
      kind: 'key',
      id: rig.id,
      tenantId: 't1',
      userId: undefined,
      roles: ['reader'],
      plan: 'gold',
      limits: { rpm: 7 },
      expiresAtMs: Infinity,
    })
    expect(caller.permissions.has('scene:read')).toBe(true)
    expect(caller.permissions.has('extra:do')).toBe(true)
    expect(caller.permissions.has('scene:write')).toBe(false)
    expect(caller.allowsAddress?.('10.1.2.3')).toBe(true)
    expect(caller.allowsAddress?.('11.1.2.3')).toBe(false)
  })

  test('has the plan of its tenant unless it has its own', async () => {
    const rig = await rigWithKey()
    expect((await callerOf(rig, rig.secret)).plan).toBe('free')
  })

  test('is answered synchronously, by the same object, once it is known', async () => {
    const rig = await rigWithKey()
    const first = await rig.resolve(rig.secret)
    expect(rig.identity.resolve(rig.secret, rig.clock.nowMs())).toBe(first)
    expect(rig.identity.stats()).toMatchObject({ hits: 1, misses: 1, entries: 1, loads: 1 })
  })

  test('presented many times at once is read once', async () => {
    const rig = await rigWithKey()
    const answers = await Promise.all(Array.from({ length: 50 }, () => rig.resolve(rig.secret)))
    expect(new Set(answers).size).toBe(1)
    expect(rig.identity.stats().loads).toBe(1)
  })

  test('leaves nothing of its secret in storage, views or lists', async () => {
    const rig = await rigWithKey()
    const random = rig.secret.slice('tg_live_'.length + 12)
    const row = await rig.records.tenant('t1', keyCollection).get(rig.id)
    const listed = await rig.identity.keys.list('t1')
    const seen = JSON.stringify([row, listed, rig.made.after, rig.identity.stats()])
    expect(seen).not.toContain(random)
    expect(seen).not.toContain(random.slice(0, 8))
    expect(listed.rows[0]?.start).toBe(rig.secret.slice(0, 'tg_live_'.length + 11))
    expect(JSON.stringify(listed)).not.toContain('digest')
  })

  test('of test environment is refused where only live ones are accepted', async () => {
    const config = { keys: { environments: ['live'] } }
    const rig = await rigWithKey({ environment: 'test' }, { config })
    expect(rig.secret.startsWith('tg_test_')).toBe(true)
    expect(codeOf(await rig.resolve(rig.secret))).toBe('credential_invalid')
  })

  test('cannot be made in a tenant, with a role or for a user that does not exist', async () => {
    const { identity } = await createRig()
    const codes = [
      await identity.keys.create('ghost', { name: 'k' }),
      await identity.keys.create('t1', { name: 'k', roles: ['ghost'] }),
      await identity.keys.create('t1', { name: 'k', userId: 'ghost' }),
      await identity.keys.create('t1', { name: 'k', allowedCidrs: ['10.0.0.0/99'] }),
      await identity.keys.create('t1', { name: '' }),
      await identity.keys.create('t1', { name: 'k', digest: 'x' } as never),
    ].map(codeOf)
    expect(codes).toEqual(['not_found', ...Array<string>(5).fill('request_invalid')])
  })
})

describe('a key is refused at once when', () => {
  const endings: readonly [
    string,
    (rig: Awaited<ReturnType<typeof rigWithKey>>) => Promise<unknown>,
  ][] = [
    ['revoked', ({ identity, id }) => identity.keys.revoke('t1', id)],
    ['disabled', ({ identity, id }) => identity.keys.disable('t1', id)],
    ['deleted', ({ identity, id }) => identity.keys.delete('t1', id)],
    [
      'rotated without overlap',
      ({ identity, id }) => identity.keys.rotate('t1', id, { overlapMs: 0 }),
    ],
    ['its tenant is suspended', ({ identity }) => identity.tenants.suspend('t1')],
    ['its tenant is deleted', ({ identity }) => identity.tenants.delete('t1')],
    [
      'its end is moved into the past',
      ({ identity, id, clock }) => identity.keys.update('t1', id, { expiresAtMs: clock.nowMs() }),
    ],
  ]
  for (const [name, end] of endings) {
    test(name, async () => {
      const rig = await rigWithKey()
      await callerOf(rig, rig.secret)
      const ended = (await end(rig)) as { ok: boolean }
      expect(ended.ok).toBe(true)
      const answer = rig.identity.resolve(rig.secret, rig.clock.nowMs())
      expect(codeOf(await answer)).toBe('credential_invalid')
    })
  }

  test('its user is disabled, and works again when enabled', async () => {
    const rig = await createRig()
    const user = valueOf(await rig.identity.users.create('t1', { login: 'u' })).after!
    const made = valueOf(await rig.identity.keys.create('t1', { name: 'k', userId: user.id }))
    expect(codeOf(await rig.resolve(made.secret))).toBe('ok')
    await rig.identity.users.disable('t1', user.id)
    expect(codeOf(await rig.resolve(made.secret))).toBe('credential_invalid')
    await rig.identity.users.enable('t1', user.id)
    expect(codeOf(await rig.resolve(made.secret))).toBe('ok')
    await rig.identity.users.delete('t1', user.id)
    expect(codeOf(await rig.resolve(made.secret))).toBe('credential_invalid')
    expect((await rig.identity.keys.get('t1', made.after.id)).ok).toBe(false)
  })

  test('it expires, to the millisecond', async () => {
    const clock = createManualClock()
    const rig = await rigWithKey({ expiresAtMs: clock.nowMs() + 1000 }, { clock })
    clock.advance(999)
    expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
    clock.advance(1)
    expect(codeOf(await rig.resolve(rig.secret))).toBe('credential_invalid')
  })
})

test('a disabled key that is enabled, and a suspended tenant that is resumed, work again at once', async () => {
  const rig = await rigWithKey()
  await rig.identity.keys.disable('t1', rig.id)
  expect(codeOf(await rig.resolve(rig.secret))).toBe('credential_invalid')
  await rig.identity.keys.enable('t1', rig.id)
  expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
  await rig.identity.tenants.suspend('t1')
  expect(codeOf(await rig.resolve(rig.secret))).toBe('credential_invalid')
  await rig.identity.tenants.resume('t1')
  expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
})

test('a revoked key cannot be enabled, changed or rotated', async () => {
  const rig = await rigWithKey()
  await rig.identity.keys.revoke('t1', rig.id)
  const codes = [
    await rig.identity.keys.enable('t1', rig.id),
    await rig.identity.keys.update('t1', rig.id, { name: 'n' }),
    await rig.identity.keys.rotate('t1', rig.id),
  ].map(codeOf)
  expect(codes).toEqual(['conflict', 'conflict', 'conflict'])
  expect(valueOf(await rig.identity.keys.get('t1', rig.id)).status).toBe('revoked')
})

describe('rotation', () => {
  test('lets the old secret work for the overlap, and no longer', async () => {
    const rig = await rigWithKey()
    const rotated = valueOf(await rig.identity.keys.rotate('t1', rig.id))
    expect(rotated.after.previousExpiresAtMs).toBe(rig.clock.nowMs() + 24 * HOUR_MS)
    const old = await callerOf(rig, rig.secret)
    expect(old.expiresAtMs).toBe(rig.clock.nowMs() + 24 * HOUR_MS)
    expect((await callerOf(rig, rotated.secret)).id).toBe(old.id)
    rig.clock.advance(24 * HOUR_MS - 1)
    expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
    rig.clock.advance(1)
    expect(codeOf(await rig.resolve(rig.secret))).toBe('credential_invalid')
    expect(codeOf(await rig.resolve(rotated.secret))).toBe('ok')
  })

  test('of a rotated key ends the secret before the last', async () => {
    const rig = await rigWithKey()
    const second = valueOf(await rig.identity.keys.rotate('t1', rig.id)).secret
    const third = valueOf(await rig.identity.keys.rotate('t1', rig.id)).secret
    const codes = await Promise.all([rig.secret, second, third].map((each) => rig.resolve(each)))
    expect(codes.map(codeOf)).toEqual(['credential_invalid', 'ok', 'ok'])
  })

  test('and revoking end both secrets', async () => {
    const rig = await rigWithKey()
    const second = valueOf(await rig.identity.keys.rotate('t1', rig.id)).secret
    await rig.identity.keys.revoke('t1', rig.id)
    const codes = await Promise.all([rig.secret, second].map((each) => rig.resolve(each)))
    expect(codes.map(codeOf)).toEqual(['credential_invalid', 'credential_invalid'])
  })
})

test('every kind of wrong credential gets the same answer after the same reads', async () => {
  const clock = createManualClock()
  const inner = createMemoryRecords({ collections: identityCollections, clock })
  let reads = 0
  const records: Records = {
    ...inner,
    across: (collection) => {
      const reader = inner.across(collection)
      return {
        ...reader,
        getBy: (...wanted) => {
          reads++
          return reader.getBy(...wanted)
        },
      }
    },
    tenant: (tenantId, collection) => {
      reads++
      return inner.tenant(tenantId, collection)
    },
    global: (collection) => {
      reads++
      return inner.global(collection)
    },
  }
  const rig = await createRig({ clock, records })
  await rig.identity.tenants.create({ id: 't1', name: 'One' })
  const make = async (input = {}) =>
    valueOf(await rig.identity.keys.create('t1', { name: 'k', ...input }))
  const revoked = await make()
  await rig.identity.keys.revoke('t1', revoked.after.id)
  const disabled = await make()
  await rig.identity.keys.disable('t1', disabled.after.id)
  const expired = await make({ expiresAtMs: clock.nowMs() + 1 })
  const deleted = await make()
  await rig.identity.keys.delete('t1', deleted.after.id)
  const rotated = await make()
  await rig.identity.keys.rotate('t1', rotated.after.id, { overlapMs: 0 })
  const foreign = (await rigWithKey({}, { seed: 42 })).secret
  clock.advance(1)
  const answers = []
  for (const { secret } of [revoked, disabled, expired, deleted, rotated, { secret: foreign }]) {
    reads = 0
    const answer = await rig.resolve(secret)
    const { internal: _, ...told } = 'code' in answer ? answer : { internal: '' }
    answers.push({ told, reads })
  }
  const expected = { told: { code: 'credential_invalid' }, reads: 1 }
  expect(answers).toEqual(Array.from({ length: 6 }, () => expected))
})

test('junk is refused without a read or a hash', async () => {
  const clock = createManualClock()
  const rig = await rigWithKey({}, { clock })
  const before = rig.identity.stats()
  const junk = ['', 'tg_live_x', `${rig.secret}x`, rig.secret.slice(0, -1), 'x'.repeat(100_000)]
  const answers = junk.map((each) => rig.identity.resolve(each, clock.nowMs()))
  expect(answers.map((each) => 'code' in each && each.code)).toEqual(
    junk.map(() => 'credential_invalid'),
  )
  const after = rig.identity.stats()
  expect(after).toEqual({ ...before, junk: before.junk + junk.length })
})

test('an unknown key is remembered for a while, and strangers cannot grow memory', async () => {
  const rig = await rigWithKey()
  const other = await rigWithKey({}, { seed: 42 })
  await rig.resolve(other.secret)
  expect(codeOf(await rig.resolve(other.secret))).toBe('credential_invalid')
  expect(rig.identity.stats()).toMatchObject({ loads: 1, negativeHits: 1, entries: 0 })
  rig.clock.advance(10_000)
  await rig.resolve(other.secret)
  expect(rig.identity.stats().loads).toBe(2)
})

test('a known key is read again when the clock was set back: its time in memory must not grow by that', async () => {
  const rig = await rigWithKey()
  await rig.resolve(rig.secret)
  const { loads } = rig.identity.stats()
  rig.clock.setWall(rig.clock.nowMs() - 999)
  expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
  expect(rig.identity.stats().loads).toBe(loads)
  rig.clock.setWall(rig.clock.nowMs() - HOUR_MS)
  for (let time = 0; time < 2; time++) expect(codeOf(await rig.resolve(rig.secret))).toBe('ok')
  expect(rig.identity.stats().loads).toBe(loads + 1)
})

test('known keys are bounded in number', async () => {
  const rig = await createRig({ config: { cache: { entriesMax: 10 } } })
  const secrets: string[] = []
  for (let at = 0; at < 30; at++) {
    secrets.push(valueOf(await rig.identity.keys.create('t1', { name: `k${at}` })).secret)
  }
  for (const secret of [...secrets, ...secrets])
    expect(codeOf(await rig.resolve(secret))).toBe('ok')
  expect(rig.identity.stats().entries).toBe(10)
})

test('storage that fails refuses: nobody gets in unchecked', async () => {
  const rig = await rigWithKey()
  await rig.records.close()
  const answer = await rig.resolve(rig.secret)
  expect(answer).toMatchObject({ code: 'unavailable' })
  expect('detail' in answer).toBe(false)
})

describe('tenants', () => {
  test("cannot see or touch each other's keys", async () => {
    const rig = await rigWithKey()
    const { keys } = rig.identity
    const codes = [
      await keys.get('t2', rig.id),
      await keys.update('t2', rig.id, { name: 'stolen' }),
      await keys.revoke('t2', rig.id),
      await keys.rotate('t2', rig.id),
      await keys.delete('t2', rig.id),
    ].map(codeOf)
    expect(codes).toEqual(Array<string>(5).fill('not_found'))
    expect((await keys.list('t2')).rows).toEqual([])
    expect((await callerOf(rig, rig.secret)).tenantId).toBe('t1')
  })
})

test('changes apply to the version that was seen, and say what was before', async () => {
  const rig = await rigWithKey()
  const { keys } = rig.identity
  const changed = valueOf(await keys.update('t1', rig.id, { name: 'new' }, { ifVersion: 1 }))
  expect([changed.before?.name, changed.after?.name, changed.after?.version]).toEqual([
    'k',
    'new',
    2,
  ])
  const codes = [
    await keys.update('t1', rig.id, { name: 'x' }, { ifVersion: 1 }),
    await keys.revoke('t1', rig.id, { ifVersion: 1 }),
    await keys.rotate('t1', rig.id, { ifVersion: 1 }),
    await keys.delete('t1', rig.id, { ifVersion: 1 }),
  ].map(codeOf)
  expect(codes).toEqual(Array<string>(4).fill('precondition_failed'))
  expect(codeOf(await keys.delete('t1', rig.id, { ifVersion: 2 }))).toBe('ok')
})

test('use is written in batches, without touching the key itself', async () => {
  const rig = await rigWithKey()
  await rig.resolve(rig.secret)
  rig.clock.advance(5000)
  await rig.resolve(rig.secret)
  const usedAtMs = rig.clock.nowMs()
  await rig.identity.flush()
  const view = valueOf(await rig.identity.keys.get('t1', rig.id))
  expect([view.lastUsedAtMs, view.version]).toEqual([usedAtMs, 1])
  rig.clock.advance(60_000)
  await rig.resolve(rig.secret)
  await rig.identity.keys.delete('t1', rig.id)
  await rig.identity.flush() // the row is gone: nothing to write, nothing to fail
})

test('keys are listed newest first, page by page, by user too', async () => {
  const rig = await createRig()
  const user = valueOf(await rig.identity.users.create('t1', { login: 'u' })).after!
  for (let at = 0; at < 5; at++) {
    rig.clock.advance(1)
    const userId = at % 2 === 0 ? user.id : null
    await rig.identity.keys.create('t1', { name: `k${at}`, userId })
  }
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await rig.identity.keys.list('t1', { limit: 2, cursor })
    names.push(...page.rows.map((row) => row.name))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  expect(names).toEqual(['k4', 'k3', 'k2', 'k1', 'k0'])
  const own = await rig.identity.keys.list('t1', { userId: user.id })
  expect(own.rows.map((row) => row.name)).toEqual(['k4', 'k2', 'k0'])
})

test('a new pepper takes over as keys are used, and the old one can then go', async () => {
  const first = await rigWithKey()
  const newer = { version: 2, bytes: new Uint8Array(32).fill(7) }
  const shared = { records: first.records, clock: first.clock }
  const both = await createRig({ ...shared, peppers: [PEPPER, newer] })
  expect(codeOf(await both.resolve(first.secret))).toBe('ok')
  await both.identity.close() // the upgrade is written
  const after = await createRig({ ...shared, peppers: [newer] })
  expect(codeOf(await after.resolve(first.secret))).toBe('ok')
})

test('peppers must be 32 bytes and differ in version', async () => {
  const short = { version: 1, bytes: new Uint8Array(16) }
  expect(createRig({ peppers: [short] })).rejects.toThrow('pepper 1 has 16 bytes')
  expect(createRig({ peppers: [] })).rejects.toThrow('at least one pepper')
  expect(createRig({ peppers: [PEPPER, PEPPER] })).rejects.toThrow('share a version')
})
