import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../core/clock.ts'
import { createSeededRandom } from '../core/random.ts'
import { createMemoryBus, createMemoryRecords } from '../storage/index.ts'
import { policyCollections } from './collections.ts'
import { policyConfig } from './config.ts'
import { createPolicy } from './policy.ts'

function setUp(config: unknown = {}, readText: (path: string) => string = () => '') {
  const clock = createManualClock()
  const records = createMemoryRecords({ collections: policyCollections, clock })
  const bus = createMemoryBus()
  const make = (seed: number, from: unknown = config) =>
    createPolicy({
      records,
      bus,
      clock,
      random: createSeededRandom(seed),
      config: policyConfig.parse(from),
      readText,
    })
  return { records, bus, make, policy: make(1) }
}

const grantOf = async (
  policy: ReturnType<typeof setUp>['policy'],
  tenantId: string,
  roles: string[],
  permissions: string[] = [],
) => (await policy.compile({ tenantId, roles, permissions })).permissions

describe('built-in roles', () => {
  const cases: readonly [role: string, permission: string, granted: boolean][] = [
    ['viewer', 'scene:read', true],
    ['viewer', 'scene:write', false],
    ['viewer', 'tollgate.tenant.audit:read', false],
    ['editor', 'scene:read', true],
    ['editor', 'scene:write', true],
    ['editor', 'scene:delete', false],
    ['admin', 'scene:delete', true],
    ['admin', 'tollgate.tenant.keys:create', true],
    ['admin', 'tollgate.tenant.roles:create', false],
    ['owner', 'tollgate.tenant.roles:create', true],
    ['owner', 'tollgate.tenants:delete', false],
    ['auditor', 'tollgate.tenant.audit:read', true],
    ['auditor', 'scene:read', false],
    ['operator', 'tollgate.tenants:delete', true],
    ['nobody', 'scene:read', false],
  ]
  for (const [role, permission, granted] of cases) {
    test(`${role} ${granted ? 'may' : 'may not'} ${permission}`, async () => {
      const { policy } = setUp()
      expect((await grantOf(policy, 't1', [role])).has(permission)).toBe(granted)
    })
  }
})

describe('roles of a tenant', () => {
  test('are looked through once each, however many ways lead from one to another', async () => {
    const { policy } = setUp()
    let below: string[] = []
    for (let step = 0; step < 60; step++) {
      const names = [`left${step}`, `right${step}`]
      for (const name of names) {
        const made = await policy.roles.create('t1', { name, inherits: below })
        expect(made.ok).toBe(true)
      }
      below = names
    }
    await policy.roles.update('t1', 'left0', { permissions: ['scene:read'] })
    expect((await grantOf(policy, 't1', below)).has('scene:read')).toBe(true)
  })

  test('inherit, and the explanation names the role that grants', async () => {
    const { policy } = setUp()
    await policy.roles.create('t1', { name: 'reader', permissions: ['scene:read'] })
    await policy.roles.create('t1', {
      name: 'painter',
      permissions: ['scene:paint'],
      inherits: ['reader'],
    })
    const grant = await grantOf(policy, 't1', ['painter'])
    expect(policy.explain(grant, 'scene:read')).toEqual({
      permission: 'scene:read',
      allowed: true,
      role: 'reader',
      matched: 'scene:read',
      revision: policy.revision(),
    })
    expect(policy.explain(grant, 'scene:delete').allowed).toBe(false)
  })

  test('are unknown to any other tenant', async () => {
    const { policy } = setUp()
    await policy.roles.create('t1', { name: 'secret', permissions: ['scene:read'] })
    expect((await grantOf(policy, 't2', ['secret'])).list()).toEqual([])
    expect(await policy.unknownRoles('t2', ['secret', 'viewer'])).toEqual(['secret'])
    expect((await policy.roles.get('t2', 'secret')).ok).toBe(false)
  })

  test('cannot inherit themselves, however far around', async () => {
    const { policy } = setUp()
    await policy.roles.create('t1', { name: 'a' })
    await policy.roles.create('t1', { name: 'b', inherits: ['a'] })
    await policy.roles.create('t1', { name: 'c', inherits: ['b'] })
    const cycle = await policy.roles.update('t1', 'a', { inherits: ['c'] })
    expect(cycle).toMatchObject({
      ok: false,
      refusal: {
        code: 'request_invalid',
        detail: 'roles inherit each other in a cycle: a → c → b → a',
      },
    })
    const both = await Promise.all([
      policy.roles.create('t1', { name: 'd' }),
      policy.roles.create('t1', { name: 'e' }),
    ])
    expect(both.map((each) => each.ok)).toEqual([true, true])
    const raced = await Promise.all([
      policy.roles.update('t1', 'd', { inherits: ['e'] }),
      policy.roles.update('t1', 'e', { inherits: ['d'] }),
    ])
    expect(raced.filter((each) => each.ok)).toHaveLength(1)
  })

  test('refuse unknown parents, taken names and what reaches the installation', async () => {
    const { policy } = setUp({ roles: { ranger: { permissions: ['park:*'] } } })
    const codes = await Promise.all(
      [
        { name: 'x', inherits: ['ghost'] },
        { name: 'viewer' },
        { name: 'ranger' },
        { name: 'y', permissions: ['tollgate.*:*'] },
        { name: 'z', inherits: ['operator'] },
        { name: 'Bad Name' },
        { name: 'w', permissions: ['nonsense'] },
      ].map(async (input) => {
        const outcome = await policy.roles.create('t1', input)
        return outcome.ok ? 'ok' : outcome.refusal.code
      }),
    )
    expect(codes).toEqual([
      'request_invalid',
      'conflict',
      'conflict',
      'request_invalid',
      'request_invalid',
      'request_invalid',
      'request_invalid',
    ])
  })

  test('change only in the version that was seen', async () => {
    const { policy } = setUp()
    await policy.roles.create('t1', { name: 'a' })
    const first = await policy.roles.update('t1', 'a', { description: 'one' }, { ifVersion: 1 })
    expect(first).toMatchObject({
      ok: true,
      value: { before: { description: '', version: 1 }, after: { description: 'one', version: 2 } },
    })
    const stale = await policy.roles.update('t1', 'a', { description: 'two' }, { ifVersion: 1 })
    expect(stale).toMatchObject({ ok: false, refusal: { code: 'precondition_failed' } })
    expect((await policy.roles.delete('t1', 'a', { ifVersion: 1 })).ok).toBe(false)
    expect((await policy.roles.delete('t1', 'a', { ifVersion: 2 })).ok).toBe(true)
  })

  test('are bounded in number and listed in pages', async () => {
    const { policy } = setUp({ rolesPerTenantMax: 2 })
    const made = []
    for (const name of ['one', 'two', 'three']) made.push(await policy.roles.create('t1', { name }))
    expect(made.map((each) => each.ok)).toEqual([true, true, false])
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await policy.roles.list('t1', { limit: 3, cursor })
      names.push(...page.rows.map((role) => role.name))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    const all = ['admin', 'auditor', 'editor', 'one', 'operator', 'owner', 'two', 'viewer']
    expect(names).toEqual(all)
  })

  test('take their assignments with them, and stay while others inherit them', async () => {
    const { policy } = setUp()
    await policy.roles.create('t1', { name: 'a' })
    await policy.roles.create('t1', { name: 'b', inherits: ['a'] })
    await policy.assignments.assign('t1', 'usr_1', 'a')
    expect((await policy.roles.delete('t1', 'a')).ok).toBe(false)
    await policy.roles.delete('t1', 'b')
    expect((await policy.roles.delete('t1', 'a')).ok).toBe(true)
    expect(await policy.assignments.list('t1', 'usr_1')).toEqual([])
  })
})

describe('assignments', () => {
  test('give a subject the roles of its tenant, and take them away at once', async () => {
    const { policy } = setUp()
    const request = { tenantId: 't1', subjectId: 'usr_1', roles: [], permissions: [] }
    await policy.assignments.assign('t1', 'usr_1', 'viewer')
    const granted = await policy.compile(request)
    expect(granted.roles).toEqual(['viewer'])
    expect(granted.permissions.has('scene:read')).toBe(true)
    expect((await policy.compile({ ...request, tenantId: 't2' })).roles).toEqual([])
    await policy.assignments.unassign('t1', 'usr_1', 'viewer')
    expect((await policy.compile(request)).permissions.has('scene:read')).toBe(false)
  })

  test('refuse unknown roles and doubles', async () => {
    const { policy } = setUp()
    const unknown = await policy.assignments.assign('t1', 'usr_1', 'ghost')
    await policy.assignments.assign('t1', 'usr_1', 'viewer')
    const twice = await policy.assignments.assign('t1', 'usr_1', 'viewer')
    const absent = await policy.assignments.unassign('t1', 'usr_1', 'admin')
    expect([unknown, twice, absent].map((each) => (each.ok ? '' : each.refusal.code))).toEqual([
      'not_found',
      'conflict',
      'not_found',
    ])
    const holders = await policy.assignments.holders('t1', 'viewer')
    expect(holders.rows.map((each) => each.subjectId)).toEqual(['usr_1'])
  })
})

describe('changes', () => {
  test('are in force when the mutation resolves, here and on other instances, and grow the revision', async () => {
    const { policy, make } = setUp()
    const other = make(2)
    const heard: (string | undefined)[] = []
    other.onChange((tenantId) => heard.push(tenantId))
    await policy.roles.create('t1', { name: 'r', permissions: ['a:read'] })
    const before = await grantOf(other, 't1', ['r'])
    const revision = policy.revision()
    await policy.roles.update('t1', 'r', { permissions: ['a:write'] })
    expect(policy.revision()).toBeGreaterThan(revision)
    for (const each of [policy, other]) {
      const grant = await grantOf(each, 't1', ['r'])
      expect([grant.has('a:read'), grant.has('a:write')]).toEqual([false, true])
    }
    expect(before.has('a:read')).toBe(true) // a compiled set never changes
    expect(heard).toEqual(['t1', 't1'])
  })

  test('of the configuration reach every tenant, or nothing changes', async () => {
    const { policy } = setUp({ roles: { ranger: { permissions: ['park:read'] } } })
    expect((await grantOf(policy, 't1', ['ranger'])).has('park:write')).toBe(false)
    const bad = policyConfig.parse({ allowLists: { l: { entries: ['..'] } } })
    expect(() => policy.configure(bad)).toThrow('allow-list l')
    expect((await grantOf(policy, 't1', ['ranger'])).has('park:read')).toBe(true)
    const next = policyConfig.parse({ roles: { ranger: { permissions: ['park:write'] } } })
    const takeBack = policy.configure(next)
    expect((await grantOf(policy, 't1', ['ranger'])).has('park:write')).toBe(true)
    takeBack()
    expect((await grantOf(policy, 't1', ['ranger'])).has('park:write')).toBe(false)
  })

  test('are taken back without the files of their allow-lists, which may be gone', async () => {
    const files = new Map([['list.txt', 'a/b']])
    const { policy } = setUp({}, (path) => {
      const text = files.get(path)
      if (text === undefined) throw new Error('there is no such file')
      return text
    })
    const listed = policyConfig.parse({ allowLists: { l: { file: 'list.txt' } } })
    policy.configure(listed)
    files.clear()
    policy.configure(policyConfig.parse({}))()
    expect(policy.allowList('l')?.has('a/b')).toBe(true)
    expect(() => policy.configure(listed)).toThrow('allow-list l: cannot be read: there is no such')
    expect(policy.allowList('l')?.has('a/b')).toBe(true)
  })
})

test('equal roles and permissions share one compiled set', async () => {
  const { policy } = setUp()
  const first = await grantOf(policy, 't1', ['viewer', 'editor'], ['a:b'])
  expect(await grantOf(policy, 't1', ['editor', 'viewer', 'viewer'], ['a:b'])).toBe(first)
  expect(await grantOf(policy, 't2', ['editor', 'viewer'], ['a:b'])).toBe(first)
})

test('nobody can hand on more than they hold', async () => {
  const { policy } = setUp()
  const admin = await grantOf(policy, 't1', ['admin'])
  expect(await policy.excess(admin, 't1', ['viewer', 'editor'], ['scene:delete'])).toEqual([])
  expect(await policy.excess(admin, 't1', ['operator'], [])).toEqual(['tollgate.*:*'])
  expect(await policy.excess(admin, 't1', ['owner'], [])).toEqual(['tollgate.tenant.*:*'])
})

test('a configuration whose roles form a cycle or miss a parent says where', () => {
  const cyclic = policyConfig.safeParse({
    roles: { a: { inherits: ['b'] }, b: { inherits: ['a'] } },
  })
  expect(cyclic.error?.issues[0]).toMatchObject({
    path: ['roles', 'a', 'inherits'],
    message: 'roles inherit each other in a cycle: a → b → a',
  })
  const missing = policyConfig.safeParse({ roles: { a: { inherits: ['viewr'] } } })
  expect(missing.error?.issues[0]?.message).toBe('role a inherits viewr, which does not exist')
})
