import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import type { Outcome } from '../../core/refusal.ts'
import { createMemoryBus, createMemoryRecords } from '../../storage/index.ts'
import {
  identityCollections,
  sessionCollection,
  useCollection,
  userCollection,
} from '../collections.ts'
import { identityConfig } from '../config.ts'
import { createIdentity } from '../identity.ts'
import { createPasswordHasher } from '../passwords/password-hasher.ts'
import type { PasswordCost, PasswordHasher } from '../passwords/password-hasher.ts'
import type { IssuedSession, LoginAttempt } from '../services.ts'
import { codeOf, createTestRoles, PEPPER, valueOf } from '../test-rig.ts'

const PASSWORD = 'violet-harbor-42-kite'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Real Argon2id at a cost that tests can afford; counts verifications. */
function cheapHasher(cost: PasswordCost = { memoryKiB: 64, passes: 1 }) {
  const inner = createPasswordHasher(cost, createSeededRandom(3))
  let verified = 0
  const hasher: PasswordHasher = {
    ...inner,
    verify: async (password, encoded) => {
      verified++
      return inner.verify(password, encoded)
    },
  }
  return { hasher, verified: () => verified }
}

async function setUp(config: unknown = {}) {
  const clock = createManualClock()
  const records = createMemoryRecords({ collections: identityCollections, clock })
  const roles = createTestRoles()
  const counted = cheapHasher()
  const make = (hasher: PasswordHasher, seed: number) =>
    createIdentity({
      records,
      bus: createMemoryBus(),
      clock,
      random: createSeededRandom(seed),
      config: identityConfig.parse(config),
      peppers: [PEPPER],
      permissions: roles,
      cascade: [],
      hasher,
    })
  const identity = make(counted.hasher, 1)
  await identity.tenants.create({ id: 't1', name: 'One' })
  await identity.tenants.create({ id: 't2', name: 'Two' })
  const input = { login: 'Ada@Example.com', password: PASSWORD }
  const user = valueOf(await identity.users.create('t1', input)).after!
  const login = (more: Partial<LoginAttempt> = {}): Promise<Outcome<IssuedSession>> =>
    identity.users.login({
      tenantId: 't1',
      login: 'ada@example.com',
      password: PASSWORD,
      address: '192.0.2.1',
      ...more,
    })
  const resolve = async (credential: string) => identity.resolve(credential, clock.nowMs())
  return { clock, records, roles, identity, user, login, resolve, counted, make }
}

describe('logging in', () => {
  test('opens a session that acts with the assigned roles', async () => {
    const rig = await setUp()
    rig.roles.assigned.set(rig.user.id, ['reader'])
    const { secret, session, user } = valueOf(await rig.login())
    expect(user).toMatchObject({ id: rig.user.id, login: 'ada@example.com', hasPassword: true })
    expect(await rig.resolve(secret)).toMatchObject({
      kind: 'session',
      id: session.id,
      userId: rig.user.id,
      tenantId: 't1',
      roles: ['reader'],
    })
  })

  test('does not care how the login name is capitalized', async () => {
    const rig = await setUp()
    expect(codeOf(await rig.login({ login: 'ADA@EXAMPLE.COM' }))).toBe('ok')
    const again = await rig.identity.users.create('t1', { login: 'ADA@example.com' })
    expect(codeOf(again)).toBe('conflict')
    expect(codeOf(await rig.identity.users.create('t2', { login: 'ada@example.com' }))).toBe('ok')
  })

  test('tells nothing of why it fails: same answer, one password hashed each time', async () => {
    const rig = await setUp()
    const { users, tenants } = rig.identity
    await users.create('t1', { login: 'nopass' })
    const off = valueOf(await users.create('t1', { login: 'off', password: PASSWORD })).after!
    await users.disable('t1', off.id)
    await users.create('t2', { login: 'ada@example.com', password: PASSWORD })
    await tenants.suspend('t2')
    const attempts: Partial<LoginAttempt>[] = [
      { password: 'wrong' },
      { login: 'unknown@example.com' },
      { login: 'nopass' },
      { login: 'off' },
      { tenantId: 't2' },
      { tenantId: 'ghost' },
    ]
    const answers = []
    for (const attempt of attempts) {
      const before = rig.counted.verified()
      const answer = await rig.login(attempt)
      const { internal: _, ...told } = answer.ok ? { internal: '' } : answer.refusal
      answers.push({ told, verified: rig.counted.verified() - before })
    }
    const expected = { told: { code: 'credential_invalid' }, verified: 1 }
    expect(answers).toEqual(attempts.map(() => expected))
  })

  test('ends the session the client came with', async () => {
    const rig = await setUp()
    const first = valueOf(await rig.login())
    const second = valueOf(await rig.login({ presentedSession: first.secret }))
    expect(codeOf(await rig.resolve(first.secret))).toBe('credential_invalid')
    expect(codeOf(await rig.resolve(second.secret))).toBe('ok')
  })

  test('hashes the password anew when the cost has changed', async () => {
    const rig = await setUp()
    const dearer = cheapHasher({ memoryKiB: 128, passes: 1 })
    const identity = rig.make(dearer.hasher, 2)
    const attempt = { tenantId: 't1', login: 'ada@example.com', password: PASSWORD, address: '::1' }
    expect(codeOf(await identity.users.login(attempt))).toBe('ok')
    const row = await rig.records.tenant('t1', userCollection).get(rig.user.id)
    expect(row?.passwordHash).toStartWith('$argon2id$v=19$m=128,')
    expect(codeOf(await rig.login())).toBe('ok')
  })
})

describe('guessing', () => {
  test('is slowed down per account, more with each failure, and forgotten in time', async () => {
    const rig = await setUp()
    const guess = (at: number) => rig.login({ password: 'wrong', address: `198.51.100.${at}` })
    for (let at = 0; at < 5; at++) expect(codeOf(await guess(at))).toBe('credential_invalid')
    const waited = await guess(6)
    expect(waited).toMatchObject({
      ok: false,
      refusal: { code: 'rate_limited', headers: { 'retry-after': '30' } },
    })
    rig.clock.advance(30_000)
    expect(codeOf(await guess(7))).toBe('credential_invalid')
    rig.clock.advance(30_000)
    expect(codeOf(await guess(8))).toBe('rate_limited') // now a minute
    rig.clock.advance(24 * HOUR_MS)
    for (let at = 0; at < 5; at++) expect(codeOf(await guess(at))).toBe('credential_invalid')
  })

  test('is slowed down for as long as was said, also when the clock is set back meanwhile', async () => {
    const rig = await setUp()
    const guess = (at: number) => rig.login({ password: 'wrong', address: `198.51.100.${at}` })
    for (let at = 0; at < 5; at++) await guess(at)
    expect(codeOf(await guess(6))).toBe('rate_limited')
    rig.clock.setWall(rig.clock.nowMs() - 24 * HOUR_MS)
    rig.clock.advance(30_000)
    expect(codeOf(await guess(7))).toBe('credential_invalid')
  })

  test('all at once gains nothing', async () => {
    const rig = await setUp()
    const guesses = Array.from({ length: 60 }, (_, at) =>
      rig.login({ password: `wrong${at}`, address: `198.51.100.${at}` }),
    )
    const codes = (await Promise.all(guesses)).map(codeOf)
    expect(codes.filter((code) => code === 'credential_invalid')).toHaveLength(5)
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(55)
  })

  test('at unknown accounts is slowed down alike', async () => {
    const rig = await setUp()
    const codes: string[] = []
    for (let at = 0; at < 6; at++) {
      codes.push(codeOf(await rig.login({ login: 'ghost', address: `198.51.100.${at}` })))
    }
    expect(codes).toEqual([...Array<string>(5).fill('credential_invalid'), 'rate_limited'])
  })

  test('by a stranger does not lock the owner out of a known address', async () => {
    const rig = await setUp()
    expect(codeOf(await rig.login({ address: '192.0.2.1' }))).toBe('ok')
    for (let at = 0; at < 10; at++) {
      await rig.login({ password: 'wrong', address: `198.51.100.${at}` })
    }
    expect(codeOf(await rig.login({ address: '192.0.2.1' }))).toBe('ok')
    expect(codeOf(await rig.login({ address: '192.0.2.99' }))).toBe('rate_limited')
  })

  test('many accounts from one address is slowed down', async () => {
    const rig = await setUp()
    const codes: string[] = []
    for (let at = 0; at < 25; at++) codes.push(codeOf(await rig.login({ login: `user${at}` })))
    expect(codes.slice(0, 20)).toEqual(Array<string>(20).fill('credential_invalid'))
    expect(codes.slice(20)).toEqual(Array<string>(5).fill('rate_limited'))
  })

  test('does not count successes', async () => {
    const rig = await setUp()
    for (let at = 0; at < 40; at++) expect(codeOf(await rig.login())).toBe('ok')
  })
})

describe('a session', () => {
  test('ends when idle for too long, but not while it is used', async () => {
    const rig = await setUp()
    const { secret } = valueOf(await rig.login())
    for (let at = 0; at < 5; at++) {
      rig.clock.advance(59 * MINUTE_MS)
      expect(codeOf(await rig.resolve(secret))).toBe('ok')
      await rig.identity.flush()
    }
    rig.clock.advance(60 * MINUTE_MS)
    expect(codeOf(await rig.resolve(secret))).toBe('credential_invalid')
  })

  test('counts uses that another instance has written', async () => {
    const rig = await setUp()
    const { secret } = valueOf(await rig.login())
    const other = rig.make(rig.counted.hasher, 2)
    rig.clock.advance(50 * MINUTE_MS)
    expect(codeOf(await other.resolve(secret, rig.clock.nowMs()))).toBe('ok')
    await other.flush()
    rig.clock.advance(50 * MINUTE_MS)
    expect(codeOf(await rig.resolve(secret))).toBe('ok')
  })

  test('ends absolutely, however busy', async () => {
    const rig = await setUp()
    const { secret } = valueOf(await rig.login())
    for (let at = 0; at < 23; at++) {
      rig.clock.advance(30 * MINUTE_MS)
      expect(codeOf(await rig.resolve(secret))).toBe('ok')
    }
    rig.clock.advance(30 * MINUTE_MS)
    expect(codeOf(await rig.resolve(secret))).toBe('credential_invalid')
    expect(await rig.identity.sweep()).toBe(1)
    const uses = rig.records.tenant('t1', useCollection)
    expect(await uses.count({ index: 'byCreated', equals: {} })).toBe(2) // the tenant's, the user's
  })

  test('gets a new secret by rotation, and the old one ends at once', async () => {
    const rig = await setUp()
    const first = valueOf(await rig.login())
    expect(codeOf(await rig.resolve(first.secret))).toBe('ok')
    const second = valueOf(await rig.identity.sessions.rotate(first.secret))
    expect(second.session.id).toBe(first.session.id)
    const codes = [
      await rig.resolve(first.secret),
      await rig.identity.sessions.rotate(first.secret),
      await rig.resolve(second.secret),
    ].map(codeOf)
    expect(codes).toEqual(['credential_invalid', 'credential_invalid', 'ok'])
  })

  test('ends by logout, which never fails', async () => {
    const rig = await setUp()
    const { secret } = valueOf(await rig.login())
    expect(codeOf(await rig.identity.sessions.logout('nonsense'))).toBe('ok')
    expect(codeOf(await rig.identity.sessions.logout(secret))).toBe('ok')
    expect(codeOf(await rig.identity.sessions.logout(secret))).toBe('ok')
    expect(codeOf(await rig.resolve(secret))).toBe('credential_invalid')
  })

  test('beyond the allowed number ends the oldest', async () => {
    const rig = await setUp({ sessions: { perUserMax: 2 } })
    const secrets: string[] = []
    for (let at = 0; at < 3; at++) {
      rig.clock.advance(1)
      secrets.push(valueOf(await rig.login()).secret)
      await rig.resolve(secrets[at] ?? '')
    }
    const codes = await Promise.all(secrets.map((secret) => rig.resolve(secret)))
    expect(codes.map(codeOf)).toEqual(['credential_invalid', 'ok', 'ok'])
    const many = await Promise.all(Array.from({ length: 6 }, () => rig.login()))
    expect(many.filter((each) => each.ok).length).toBeGreaterThan(0)
    const open = await rig.identity.sessions.list('t1', { userId: rig.user.id })
    expect(open.rows).toHaveLength(2)
  })

  const endings: readonly [string, (rig: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>][] =
    [
      [
        'the password is changed',
        ({ identity, user }) => identity.users.setPassword('t1', user.id, 'another-fine-one-9'),
      ],
      ['the user is disabled', ({ identity, user }) => identity.users.disable('t1', user.id)],
      ['the user is deleted', ({ identity, user }) => identity.users.delete('t1', user.id)],
      [
        'the user logs out everywhere',
        ({ identity, user }) => identity.sessions.endAll('t1', user.id),
      ],
      ['the tenant is suspended', ({ identity }) => identity.tenants.suspend('t1')],
    ]
  for (const [name, end] of endings) {
    test(`ends at once when ${name}, and tokens of the user with it`, async () => {
      const rig = await setUp()
      const { secret } = valueOf(await rig.login())
      const owner = { kind: 'user', id: rig.user.id } as const
      const { accessToken } = valueOf(await rig.identity.tokens.issue('t1', owner))
      for (const each of [secret, accessToken]) expect(codeOf(await rig.resolve(each))).toBe('ok')
      await end(rig)
      for (const each of [secret, accessToken]) {
        expect(codeOf(await rig.resolve(each))).toBe('credential_invalid')
      }
    })
  }

  test('cannot slip past a password change that happens while logging in', async () => {
    const rig = await setUp()
    for (let round = 0; round < 30; round++) {
      const passwords = [`first-long-one-${round}`, `second-long-one-${round}`] as const
      await rig.identity.users.setPassword('t1', rig.user.id, passwords[0])
      const [login] = await Promise.all([
        rig.login({ password: passwords[0] }),
        rig.identity.users.setPassword('t1', rig.user.id, passwords[1]),
      ])
      if (!login.ok) continue
      expect(codeOf(await rig.resolve(login.value.secret))).toBe('credential_invalid')
    }
  })

  test("is nothing that another tenant's administrator can list or end", async () => {
    const rig = await setUp()
    const { secret, session } = valueOf(await rig.login())
    const { sessions } = rig.identity
    expect((await sessions.list('t2', { userId: rig.user.id })).rows).toEqual([])
    expect(codeOf(await sessions.end('t2', session.id))).toBe('not_found')
    expect(codeOf(await sessions.endAll('t2', rig.user.id))).toBe('not_found')
    expect(codeOf(await rig.resolve(secret))).toBe('ok')
    expect(codeOf(await sessions.end('t1', session.id))).toBe('ok')
    expect(codeOf(await rig.resolve(secret))).toBe('credential_invalid')
  })
})

test('neither password nor hash leaves by any view', async () => {
  const rig = await setUp()
  const issued = valueOf(await rig.login())
  const listed = await rig.identity.users.list('t1')
  const seen = JSON.stringify([rig.user, listed, issued])
  expect(seen).not.toContain('argon2')
  expect(seen).not.toContain(PASSWORD)
  const stored = await rig.records.tenant('t1', sessionCollection).get(issued.session.id)
  expect(JSON.stringify(stored)).not.toContain(issued.secret.slice(18, 40))
})

test('too many passwords at once are refused for now, not queued without bound', async () => {
  const rig = await setUp({ passwords: { concurrencyMax: 1, waitingMax: 2 } })
  const logins = Array.from({ length: 6 }, (_, at) => rig.login({ address: `192.0.2.${at}` }))
  const codes = (await Promise.all(logins)).map(codeOf)
  expect(codes.filter((code) => code === 'ok')).toHaveLength(3)
  expect(codes.filter((code) => code !== 'ok').every((code) => /unavailable|rate/.test(code))).toBe(
    true,
  )
})

test('users change only in the version that was seen', async () => {
  const rig = await setUp()
  const { users } = rig.identity
  const changed = valueOf(await users.update('t1', rig.user.id, { name: 'Ada' }, { ifVersion: 1 }))
  expect([changed.before?.name, changed.after?.name]).toEqual([null, 'Ada'])
  await rig.login() // logging in is no change of the user
  const codes = [
    await users.update('t1', rig.user.id, { name: 'Eve' }, { ifVersion: 1 }),
    await users.disable('t1', rig.user.id, { ifVersion: 1 }),
    await users.setPassword('t1', rig.user.id, 'another-fine-one-9', { ifVersion: 1 }),
    await users.delete('t1', rig.user.id, { ifVersion: 1 }),
  ].map(codeOf)
  expect(codes).toEqual(Array<string>(4).fill('precondition_failed'))
  expect(codeOf(await users.delete('t1', rig.user.id, { ifVersion: 2 }))).toBe('ok')
})
