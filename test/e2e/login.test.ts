import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'

/** People log in over HTTP, through the gate. */

const CONFIG = `
listen: { address: '127.0.0.1:0', trustedProxies: [127.0.0.1] }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
limits:
  logins: { kind: bucket, limit: 30, window: 1h, by: address }
defaults: { limits: [] }
identity:
  lockout: { accountFailures: 3 }
login: { path: /auth, tokens: true, limits: [logins] }
routes:
  - id: notes
    path: /notes
    methods: [GET, POST]
    credentials: [session, token]
    permission: note:read
    respond: { body: { notes: [] } }
`
const PASSWORD = 'seventeen quiet herons'

let gate: GateProcess
let userId = ''
beforeAll(async () => {
  gate = await startGateProcess(makeFolder(CONFIG))
  await gate.json('POST', '/v1/tenants', { id: 'acme', name: 'Acme' })
  const made = await gate.json('POST', '/v1/tenants/acme/users', {
    login: 'ada',
    password: PASSWORD,
  })
  userId = (made['user'] as { id: string } | undefined)?.id ?? String(made['id'])
  await gate.call('PUT', `/v1/tenants/acme/users/${userId}/roles/viewer`)
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
})

interface Asked {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(
  path: string,
  { method = 'POST', body, headers }: Asked = {},
): Promise<Response> {
  return fetch(`${gate.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** Each from an address of its own, so that one test's failures are not another's. */
let addresses = 0
const elsewhere = (): Record<string, string> => {
  addresses += 1
  return { 'x-forwarded-for': `198.51.100.${addresses}` }
}

const ada = (more: object = {}) => ({ tenant: 'acme', login: 'ada', password: PASSWORD, ...more })

async function logIn(headers = elsewhere()): Promise<string> {
  const answer = await ask('/auth/login', { body: ada(), headers })
  expect(answer.status).toBe(200)
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

const notes = async (headers: Record<string, string>, method = 'GET'): Promise<number> =>
  (await ask('/notes', { method, headers })).status

describe('a session', () => {
  test('is a cookie that scripts and other sites cannot use, and answers are not kept', async () => {
    const answer = await ask('/auth/login', { body: ada(), headers: elsewhere() })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^tollgate_session=tg_ss_\w+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
    )
    const body = (await answer.json()) as Record<string, unknown>
    expect(body).toEqual({
      userId,
      tenantId: 'acme',
      login: 'ada',
      expiresAtMs: expect.any(Number),
    })
    expect(await notes({ cookie: cookie.split(';')[0] ?? '' })).toBe(200)
    expect(await notes({})).toBe(401)
  })

  test('is bound to this host and to TLS where the browser is not on this machine', async () => {
    for (const headers of [
      { ...elsewhere(), 'x-forwarded-proto': 'https' },
      { ...elsewhere(), host: 'api.example.com' },
    ]) {
      const answer = await ask('/auth/login', { body: ada(), headers })
      const cookie = answer.headers.get('set-cookie') ?? ''
      expect(cookie).toStartWith('__Host-tollgate_session=tg_ss_')
      expect(cookie).toEndWith('; HttpOnly; SameSite=Lax; Secure')
    }
  })

  test('tells whose it is, and ends with logging out', async () => {
    const cookie = await logIn()
    const who = await ask('/auth/session', { method: 'GET', headers: { cookie } })
    expect(await who.json()).toMatchObject({ kind: 'session', tenantId: 'acme', userId })
    const out = await ask('/auth/logout', { headers: { cookie } })
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toStartWith('tollgate_session=; Path=/; Max-Age=0;')
    expect(await notes({ cookie })).toBe(401)
    expect((await ask('/auth/logout')).status).toBe(204)
  })

  test('ends when its user logs in again with it, and when an administrator ends it', async () => {
    const first = await logIn()
    const second = await logIn({ ...elsewhere(), cookie: first })
    expect([await notes({ cookie: first }), await notes({ cookie: second })]).toEqual([401, 200])
    const ended = await gate.call('DELETE', `/v1/tenants/acme/users/${userId}/sessions`)
    expect(ended.ok).toBe(true)
    expect(await notes({ cookie: second })).toBe(401)
  })

  test('changes nothing on behalf of another site', async () => {
    const cookie = await logIn()
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await notes({ cookie, ...headers }, 'POST')).toBe(403)
      for (const path of ['/auth/login', '/auth/logout', '/auth/refresh']) {
        const answer = await ask(path, { body: {}, headers: { cookie, ...headers } })
        expect([400, 403, 422]).toContain(answer.status)
        expect(answer.headers.get('set-cookie')).toBeNull()
      }
      const forged = await ask('/auth/login', {
        body: ada(),
        headers: { ...headers, ...elsewhere() },
      })
      expect(forged.status).toBe(403)
    }
    expect(await notes({ cookie, 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(200)
  })
})

describe('tokens', () => {
  test('come in place of a session, are renewed once each, and end with logging out', async () => {
    const answer = await ask('/auth/login', { body: ada({ tokens: true }), headers: elsewhere() })
    expect(answer.headers.get('set-cookie')).toBeNull()
    const first = (await answer.json()) as Record<string, string>
    const bearer = (token: string | undefined) => ({ authorization: `Bearer ${token ?? ''}` })
    expect(await notes(bearer(first['accessToken']))).toBe(200)
    const { refreshToken } = first
    const renewed = await ask('/auth/refresh', { body: { refreshToken } })
    const second = (await renewed.json()) as Record<string, string>
    expect(await notes(bearer(second['accessToken']))).toBe(200)
    expect(await notes(bearer(first['accessToken']))).toBe(401)
    const out = await ask('/auth/logout', { body: {}, headers: bearer(second['accessToken']) })
    expect(out.status).toBe(204)
    expect(await notes(bearer(second['accessToken']))).toBe(401)
    expect(
      (await ask('/auth/refresh', { body: { refreshToken: second['refreshToken'] } })).status,
    ).toBe(401)
  })

  test('a refresh token that comes twice ends the whole family', async () => {
    const answer = await ask('/auth/login', { body: ada({ tokens: true }), headers: elsewhere() })
    const { refreshToken } = (await answer.json()) as Record<string, string>
    const second = (await (
      await ask('/auth/refresh', { body: { refreshToken } })
    ).json()) as Record<string, string>
    expect((await ask('/auth/refresh', { body: { refreshToken } })).status).toBe(401)
    expect(await notes({ authorization: `Bearer ${second['accessToken'] ?? ''}` })).toBe(401)
  })
})

describe('guessing', () => {
  test.each([
    ['a wrong password', { password: 'wrong but long enough' }],
    ['an unknown login', { login: 'nobody' }],
    ['an unknown tenant', { tenant: 'nowhere' }],
  ])('%s gets the answer that all of them get', async (_name, wrong) => {
    const answer = await ask('/auth/login', { body: ada(wrong), headers: elsewhere() })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('set-cookie')).toBeNull()
    const { requestId, instance, ...told } = (await answer.json()) as Record<string, unknown>
    expect([typeof requestId, typeof instance]).toEqual(['string', 'string'])
    expect(told).toEqual({
      type: '/problems/credential_invalid',
      title: 'Credential not accepted',
      status: 401,
      code: 'credential_invalid',
    })
  })

  test.each(['ghost', 'ghoul'])(
    'is slowed down, also where there is no such user (%s)',
    async (login) => {
      const statuses: number[] = []
      for (let attempt = 0; attempt < 6; attempt += 1) {
        statuses.push(
          (await ask('/auth/login', { body: ada({ login }), headers: elsewhere() })).status,
        )
      }
      expect(statuses.at(0)).toBe(401)
      expect(statuses.at(-1)).toBe(429)
    },
  )

  test('counts against the limits of the address', async () => {
    const headers = elsewhere()
    const statuses = new Set<number>()
    for (let attempt = 0; attempt < 40; attempt += 1) {
      statuses.add((await ask('/auth/login', { body: {}, headers })).status)
    }
    expect(statuses.has(429)).toBe(true)
  })
})

test('who logged in stands in the audit log, and no password does', async () => {
  await logIn()
  const find = async (): Promise<Record<string, unknown>[]> => {
    const page = await gate.json('GET', '/v1/audit?kind=traffic&action=tollgate.login&limit=500')
    return page['data'] as Record<string, unknown>[]
  }
  await until(async () => (await find()).length > 0)
  const records = JSON.stringify(await find())
  expect(records).toContain('"outcome":"allow"')
  expect(records).toContain('session_')
  expect(records).not.toContain(PASSWORD)
})

test('there is no such path where the configuration has no login', async () => {
  const bare = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
`),
  )
  const answer = await fetch(`${bare.url}/auth/login`, { method: 'POST', body: '{}' })
  expect(answer.status).toBe(404)
  await bare.stop()
  removeFolder(bare.folder)
})
