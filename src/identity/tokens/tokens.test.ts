import { describe, expect, test } from 'bun:test'
import { tokenCollection } from '../collections.ts'
import { codeOf, createRig, valueOf } from '../test-rig.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function rigWithKey() {
  const rig = await createRig()
  const key = valueOf(await rig.identity.keys.create('t1', { name: 'k', roles: ['writer'] }))
  const owner = { kind: 'key', id: key.after.id } as const
  const issue = async (input = {}) => valueOf(await rig.identity.tokens.issue('t1', owner, input))
  return { ...rig, tokens: rig.identity.tokens, key, owner, issue }
}

describe('an access token', () => {
  test('acts for its owner, for a day', async () => {
    const rig = await rigWithKey()
    const { accessToken, expiresAtMs } = await rig.issue()
    expect(expiresAtMs).toBe(rig.clock.nowMs() + DAY_MS)
    const caller = await rig.resolve(accessToken)
    expect(caller).toMatchObject({ kind: 'token', tenantId: 't1', roles: ['writer'], plan: 'free' })
    expect('permissions' in caller && caller.permissions.has('scene:write')).toBe(true)
    rig.clock.advance(DAY_MS - 1)
    expect(codeOf(await rig.resolve(accessToken))).toBe('ok')
    rig.clock.advance(1)
    expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
  })

  test('that was refused while the clock was ahead is taken again as soon as that is set right', async () => {
    const rig = await rigWithKey()
    const { accessToken } = await rig.issue()
    const rightMs = rig.clock.nowMs()
    rig.clock.setWall(rightMs + 2 * DAY_MS)
    expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
    rig.clock.setWall(rightMs)
    expect(codeOf(await rig.resolve(accessToken))).toBe('ok')
  })

  test('may do no more than its scope, and no more than its owner', async () => {
    const rig = await rigWithKey()
    const { accessToken } = await rig.issue({ scope: ['scene:read', 'scene:delete'] })
    const caller = await rig.resolve(accessToken)
    if ('code' in caller) throw new Error(caller.internal)
    const may = ['scene:read', 'scene:write', 'scene:delete'].map((p) => caller.permissions.has(p))
    expect(may).toEqual([true, false, false])
  })

  test('of a user acts with the roles assigned to the user', async () => {
    const rig = await createRig()
    const user = valueOf(await rig.identity.users.create('t1', { login: 'u' })).after!
    rig.roles.assigned.set(user.id, ['reader'])
    const owner = { kind: 'user', id: user.id } as const
    const { accessToken } = valueOf(await rig.identity.tokens.issue('t1', owner))
    const caller = await rig.resolve(accessToken)
    expect(caller).toMatchObject({ kind: 'token', userId: user.id, roles: ['reader'] })
    await rig.identity.users.disable('t1', user.id)
    expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
  })

  test('ends with the key it came from', async () => {
    for (const end of ['revoke', 'disable', 'delete'] as const) {
      const rig = await rigWithKey()
      const { accessToken } = await rig.issue()
      expect(codeOf(await rig.resolve(accessToken))).toBe('ok')
      await rig.identity.keys[end]('t1', rig.key.after.id)
      expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
    }
  })

  test('is inspected by its holder, and listed without its secret', async () => {
    const rig = await rigWithKey()
    const { accessToken, view } = await rig.issue({ scope: ['scene:read'] })
    expect(valueOf(await rig.tokens.inspect(accessToken))).toEqual(view)
    expect(codeOf(await rig.tokens.inspect(rig.key.secret))).toBe('credential_invalid')
    const listed = await rig.tokens.list('t1', { ownerId: rig.owner.id })
    expect(listed.rows.map((row) => row.kind).sort()).toEqual(['access', 'refresh'])
    expect(JSON.stringify(listed)).not.toContain(accessToken.slice(18, 40))
    expect((await rig.tokens.list('t2')).rows).toEqual([])
  })

  test('is not issued beyond the longest lifetime, nor to who is not there', async () => {
    const rig = await rigWithKey()
    const codes = [
      await rig.tokens.issue('t1', rig.owner, { ttlMs: 8 * DAY_MS }),
      await rig.tokens.issue('t1', { kind: 'user', id: 'ghost' }),
      await rig.tokens.issue('t2', rig.owner),
      await rig.tokens.issue('ghost', rig.owner),
    ].map(codeOf)
    expect(codes).toEqual(['request_invalid', 'not_found', 'not_found', 'not_found'])
    await rig.identity.keys.disable('t1', rig.owner.id)
    expect(codeOf(await rig.tokens.issue('t1', rig.owner))).toBe('conflict')
  })
})

describe('a refresh token', () => {
  test('is not accepted for requests', async () => {
    const rig = await rigWithKey()
    const { refreshToken = '' } = await rig.issue()
    expect(codeOf(await rig.resolve(refreshToken))).toBe('credential_invalid')
  })

  test('is traded for a new pair, and the old access token ends', async () => {
    const rig = await rigWithKey()
    const first = await rig.issue({ scope: ['scene:read'] })
    expect(codeOf(await rig.resolve(first.accessToken))).toBe('ok')
    rig.clock.advance(HOUR_MS)
    const second = valueOf(await rig.tokens.refresh(first.refreshToken ?? ''))
    expect(codeOf(await rig.resolve(first.accessToken))).toBe('credential_invalid')
    expect(codeOf(await rig.resolve(second.accessToken))).toBe('ok')
    expect(second.view).toMatchObject({ familyId: first.view.familyId, scope: ['scene:read'] })
    expect(second.refreshExpiresAtMs).toBe(first.refreshExpiresAtMs)
  })

  test('gives tokens with the id of the first: no limit, ban or record begins anew', async () => {
    const rig = await rigWithKey()
    const first = await rig.issue()
    const { id } = first.view
    let { accessToken, refreshToken = '' } = first
    for (let time = 0; time < 3; time++) {
      const next = valueOf(await rig.tokens.refresh(refreshToken))
      expect(next.view.id).toBe(id)
      expect(await rig.resolve(next.accessToken)).toMatchObject({ kind: 'token', id })
      expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
      refreshToken = next.refreshToken ?? ''
      accessToken = next.accessToken
    }
    expect((await rig.issue()).view.id).not.toBe(id)
    await rig.tokens.revoke('t1', id)
    expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
  })

  test('gives tokens that live as long as the first was asked to, also when that is long gone', async () => {
    const rig = await rigWithKey()
    const short = await rig.issue({ ttlMs: HOUR_MS })
    const long = await rig.issue({ ttlMs: 3 * DAY_MS })
    const plain = await rig.issue()
    rig.clock.advance(4 * DAY_MS)
    await rig.identity.sweep()
    const lives: number[] = []
    for (const { refreshToken = '' } of [short, long, plain]) {
      const next = valueOf(await rig.tokens.refresh(refreshToken))
      const last = valueOf(await rig.tokens.refresh(next.refreshToken ?? ''))
      lives.push(last.expiresAtMs - rig.clock.nowMs())
    }
    expect(lives).toEqual([HOUR_MS, 3 * DAY_MS, DAY_MS])
  })

  test('used twice revokes the whole family', async () => {
    const rig = await rigWithKey()
    const first = await rig.issue()
    const second = valueOf(await rig.tokens.refresh(first.refreshToken ?? ''))
    expect(codeOf(await rig.tokens.refresh(first.refreshToken ?? ''))).toBe('credential_invalid')
    const codes = [
      await rig.resolve(second.accessToken),
      await rig.tokens.refresh(second.refreshToken ?? ''),
    ].map(codeOf)
    expect(codes).toEqual(['credential_invalid', 'credential_invalid'])
    expect((await rig.tokens.list('t1')).rows).toEqual([])
  })

  test('used many times at once yields at most one pair, and that does not live', async () => {
    const rig = await rigWithKey()
    const { refreshToken = '' } = await rig.issue()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => rig.tokens.refresh(refreshToken)),
    )
    expect(outcomes.filter((each) => each.ok).length).toBeLessThanOrEqual(1)
    const left = await rig.tokens.list('t1')
    expect(left.rows.filter((row) => row.status === 'active')).toEqual([])
  })

  test('ends with its family, its owner, and its time', async () => {
    const rig = await rigWithKey()
    const revoked = await rig.issue()
    await rig.tokens.revoke('t1', revoked.view.id)
    const late = await rig.issue()
    rig.clock.advance(30 * DAY_MS)
    const orphan = await rig.issue()
    const codes = [
      await rig.tokens.refresh(revoked.refreshToken ?? ''),
      await rig.tokens.refresh(late.refreshToken ?? ''),
      await rig.tokens.refresh(orphan.accessToken),
      await rig.tokens.refresh('nonsense'),
    ].map(codeOf)
    await rig.identity.keys.revoke('t1', rig.owner.id)
    codes.push(codeOf(await rig.tokens.refresh(orphan.refreshToken ?? '')))
    expect(codes).toEqual(Array<string>(5).fill('credential_invalid'))
  })
})

test('revoking a presented token ends its family; an unknown one is no error', async () => {
  const rig = await rigWithKey()
  const { accessToken, refreshToken = '' } = await rig.issue()
  expect(codeOf(await rig.tokens.revokePresented('nonsense'))).toBe('ok')
  expect(codeOf(await rig.resolve(accessToken))).toBe('ok')
  expect(valueOf(await rig.tokens.revokePresented(refreshToken)).before?.kind).toBe('refresh')
  expect(codeOf(await rig.resolve(accessToken))).toBe('credential_invalid')
})

test("no tenant can revoke another's token", async () => {
  const rig = await rigWithKey()
  const { accessToken, view } = await rig.issue()
  expect(codeOf(await rig.tokens.revoke('t2', view.id))).toBe('not_found')
  expect(codeOf(await rig.resolve(accessToken))).toBe('ok')
})

test('what has expired is swept away', async () => {
  const rig = await rigWithKey()
  await rig.issue({ refreshable: false })
  const kept = await rig.issue()
  rig.clock.advance(DAY_MS)
  expect(await rig.identity.sweep()).toBe(2)
  const rows = await rig.records
    .tenant('t1', tokenCollection)
    .find({ index: 'byCreated', equals: {} })
  expect(rows.rows.map((row) => row.kind)).toEqual(['refresh'])
  expect(codeOf(await rig.tokens.refresh(kept.refreshToken ?? ''))).toBe('ok')
})
