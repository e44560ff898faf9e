import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GateProcess } from '../gate-process.fixture.ts'
import {
  ask,
  makeFolder,
  makeKey,
  removeFolder,
  startGateProcess,
} from '../gate-process.fixture.ts'
import { untilGates } from '../turns.fixture.ts'

/** What ends a permission is in force in every worker within a second. */

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { violations: 5, counts: [rate_limited] }
limits:
  three: { kind: bucket, limit: 3, window: 1h, by: key }
defaults: { limits: [] }
routes:
  - { id: read, path: /read, permission: scene:read, respond: { body: ok } }
  - { id: three, path: /three, limits: [three], respond: { body: ok } }
`

const WITHIN_MS = 1000

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(CONFIG), ['--workers', '2'])
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
})

/** Asks on 24 connections, so that every worker is asked; what differs among the answers. */
async function answers(path: string, secret: string): Promise<(string | number)[]> {
  const headers = { authorization: `Bearer ${secret}` }
  const all = Array.from({ length: 24 }, async () => {
    const answer = await ask(`${gate.url}${path}`, { headers })
    if (answer.ok) return answer.status
    return ((await answer.json()) as { code: string }).code
  })
  return [...new Set(await Promise.all(all))]
}

const untilAll = async (path: string, secret: string, wanted: string | number): Promise<number> =>
  untilGates([gate.pid], async () => {
    const got = await answers(path, secret)
    return got.length === 1 && got[0] === wanted
  })

describe('in every worker, within a second', () => {
  test('a ban of a key reaches its token, and a ban of its user both; lifted, they end', async () => {
    await gate.call('POST', '/v1/tenants', { id: 'acme', name: 'acme' })
    const name = { login: 'ada' }
    const user = (await gate.json('POST', '/v1/tenants/acme/users', name)) as { id: string }
    const permissions = ['scene:read']
    const { id, secret } = await makeKey(gate, 'acme', { permissions, userId: user.id })
    const issue = { owner: { kind: 'key', id } }
    const { accessToken } = (await gate.json('POST', '/v1/tenants/acme/tokens', issue)) as {
      accessToken: string
    }
    for (const subject of [id, user.id]) {
      const body = { kind: 'key', subject, reason: 'leaked' }
      const ban = (await gate.json('POST', '/v1/bans', body)) as { id: string }
      for (const credential of [secret, accessToken]) {
        expect(await untilAll('/read', credential, 'banned')).toBeLessThan(WITHIN_MS)
      }
      await gate.call('DELETE', `/v1/bans/${ban.id}`)
      for (const credential of [secret, accessToken]) {
        expect(await untilAll('/read', credential, 200)).toBeLessThan(WITHIN_MS)
      }
    }
  })

  test('a ban holds, made of violations that no worker saw alone; lifted, it ends', async () => {
    const { id, secret } = await makeKey(gate, 'acme', { permissions: ['scene:read'] })
    const headers = { authorization: `Bearer ${secret}` }
    const statuses: number[] = []
    for (let at = 0; at < 8; at += 1)
      statuses.push((await ask(`${gate.url}/three`, { headers })).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429, 429, 429])
    expect(await untilAll('/read', secret, 'banned')).toBeLessThan(WITHIN_MS)
    const { data } = (await gate.json('GET', '/v1/bans')) as {
      data: { id: string; subject: string }[]
    }
    expect(data.map(({ subject }) => subject)).toEqual([id])
    const lifted = await gate.call('DELETE', `/v1/bans/${data[0]?.id}`)
    expect(lifted.ok).toBe(true)
    expect(await untilAll('/read', secret, 200)).toBeLessThan(WITHIN_MS)
  }, 20_000)

  test('a role loses a permission, and gains it again', async () => {
    await gate.call('POST', '/v1/tenants', { id: 'roles', name: 'roles' })
    const path = '/v1/tenants/roles/roles'
    await gate.json('POST', path, { name: 'reader', permissions: ['scene:read'] })
    const { secret } = await makeKey(gate, 'roles', { roles: ['reader'] })
    expect(await answers('/read', secret)).toEqual([200])
    await gate.json('PATCH', `${path}/reader`, { permissions: ['scene:write'] })
    expect(await untilAll('/read', secret, 'permission_denied')).toBeLessThan(WITHIN_MS)
    await gate.json('PATCH', `${path}/reader`, { permissions: ['scene:read'] })
    expect(await untilAll('/read', secret, 200)).toBeLessThan(WITHIN_MS)
  }, 20_000)

  test('a tenant is suspended', async () => {
    const { secret } = await makeKey(gate, 'gone', { permissions: ['scene:read'] })
    expect(await answers('/read', secret)).toEqual([200])
    await gate.json('POST', '/v1/tenants/gone/suspend')
    expect(await untilAll('/read', secret, 'credential_invalid')).toBeLessThan(WITHIN_MS)
  }, 20_000)
})
