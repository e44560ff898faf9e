import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock } from '../../core/clock.ts'
import type { Ledger } from '../../ledger/index.ts'
import { LedgerError } from '../../ledger/index.ts'
import { openSqlite } from '../../storage/index.ts'
import type { AdminRig, Called } from './test-rig.ts'
import { createAdminRig, TEST_COLLECTIONS } from './test-rig.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function withTenant(rig: AdminRig, id = 'acme'): Promise<string> {
  const made = await rig.call('POST', '/v1/tenants', { body: { id, name: id } })
  expect(made.status).toBe(201)
  return `/v1/tenants/${id}`
}

/** A key of the tenant with these roles; answers its secret. */
async function keyWith(rig: AdminRig, tenant: string, ...roles: string[]): Promise<string> {
  const made = await rig.call('POST', `${tenant}/keys`, { body: { name: 'key', roles } })
  expect(made.status).toBe(201)
  return String(made.field('secret'))
}

const problem = (called: Called): unknown[] => [called.status, called.field('code')]

describe('access', () => {
  test('nothing is answered without the right credential, and a wrong one tells nothing', async () => {
    const rig = await createAdminRig()
    expect(problem(await rig.call('GET', '/v1/tenants', { credential: '' }))).toEqual([
      401,
      'credential_missing',
    ])
    const wrong = [rig.root.replace(/.$/, 'x'), 'tg_live_whatever', `${rig.root}x`]
    const answers: unknown[] = []
    for (const credential of wrong) {
      const { status, field } = await rig.call('GET', '/v1/tenants', { credential })
      answers.push([status, field('code'), field('detail')])
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toEqual([401, 'credential_invalid', undefined])
  })

  test('the root key is shown once, kept as a digest, and its successor ends it', async () => {
    const rig = await createAdminRig()
    expect(rig.root).toMatch(/^tollgate_root_[0-9A-Za-z]{43}$/)
    const again = await createAdminRig({ records: rig.records, root: rig.root })
    expect(again.rootKey.created).toBeUndefined()
    expect(String((await again.call('GET', '/v1/me')).field('kind'))).toBe('root')
    const rotated = await again.call('POST', '/v1/root-key/rotate')
    const successor = String(rotated.field('secret'))
    expect((await again.call('GET', '/v1/me')).status).toBe(401)
    expect((await again.call('GET', '/v1/me', { credential: successor })).status).toBe(200)
  })

  test('many different wrong credentials block an address; the same one again does not', async () => {
    const rig = await createAdminRig()
    const address = '203.0.113.9'
    for (let index = 0; index < 20; index += 1) {
      const { status } = await rig.call('GET', '/v1/me', { credential: 'old-key', address })
      expect(status).toBe(401)
    }
    for (let index = 0; index < 4; index += 1) {
      await rig.call('GET', '/v1/me', { credential: `guess-${index}`, address })
    }
    const blocked = await rig.call('GET', '/v1/me', { address })
    expect(problem(blocked)).toEqual([429, 'rate_limited'])
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await rig.call('GET', '/v1/me', { address: '203.0.113.10' })).status).toBe(200)
    rig.clock.advance(31_000)
    expect((await rig.call('GET', '/v1/me', { address })).status).toBe(200)
    const { records } = await rig.ledger.across().query({ action: 'admin.block' })
    expect(records[0]?.address).toBe(address)
  })

  test('a name that was rebound to this address, or another site, is refused', async () => {
    const rig = await createAdminRig()
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost, evil', '', 'a@b']) {
      const { status, field } = await rig.call('GET', '/v1/me', { headers: { host } })
      expect([host, status, field('code')]).toEqual([host, 400, 'host_invalid'])
    }
    for (const host of ['localhost:8081', '127.0.0.1', '[::1]:8081']) {
      expect((await rig.call('GET', '/v1/me', { headers: { host } })).status).toBe(200)
    }
    const foreign = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://other.127.0.0.1:8081' },
    ]
    for (const headers of foreign) {
      expect((await rig.call('POST', '/v1/tenants', { headers, body: {} })).status).toBe(403)
    }
    const { headers } = await rig.call('GET', '/v1/me')
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

test('an operator bans the credential that they present only by force, and can lift that', async () => {
  const rig = await createAdminRig()
  const acme = await withTenant(rig)
  const credential = await keyWith(rig, acme, 'operator')
  const subject = (await rig.call('GET', '/v1/me', { credential })).field('id')
  const body = { kind: 'key', subject, reason: 'a slip of the pen' }
  const slip = await rig.call('POST', '/v1/bans', { credential, body })
  expect(problem(slip)).toEqual([409, 'conflict'])
  const meant = await rig.call('POST', '/v1/bans', { credential, body: { ...body, force: true } })
  expect(meant.status).toBe(201)
  const lifted = await rig.call('DELETE', `/v1/bans/${meant.text.match(/ban_\w+/)?.[0]}`, {
    credential,
  })
  expect(lifted.status).toBe(204)
  expect((await rig.call('POST', '/v1/bans', { body })).status).toBe(201)
})

test('an operator bans the key that their token was made with only by force', async () => {
  const rig = await createAdminRig()
  const acme = await withTenant(rig)
  const key = await keyWith(rig, acme, 'operator')
  const subject = (await rig.call('GET', '/v1/me', { credential: key })).field('id')
  const issued = await rig.call('POST', `${acme}/tokens`, {
    credential: key,
    body: { owner: { kind: 'key', id: subject } },
  })
  const body = { kind: 'key', subject, reason: 'a slip of the pen' }
  const credential = String(issued.field('accessToken'))
  expect(problem(await rig.call('POST', '/v1/bans', { credential, body }))).toEqual([
    409,
    'conflict',
  ])
})

test('what a key has left is told by its own limit, and by nobody else’s', async () => {
  const rig = await createAdminRig()
  const acme = await withTenant(rig)
  const body = { name: 'k', limits: { default: 7 } }
  const keyId = (await rig.call('POST', `${acme}/keys`, { body })).field('key.id')
  const use = async (query: string) => rig.call('GET', `/v1/limits/default/use?${query}`)
  const own = await use(`keyId=${String(keyId)}&tenantId=acme`)
  expect([own.field('limit'), own.field('remaining')]).toEqual([7, 7])
  expect((await use(`keyId=key_other&tenantId=acme`)).field('limit')).toBe(100)
})

describe('tenants are apart', () => {
  test('a tenant’s owner sees and changes that tenant only', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const other = await withTenant(rig, 'other')
    const credential = await keyWith(rig, acme, 'owner')
    const made = await rig.call('POST', `${acme}/keys`, { credential, body: { name: 'own' } })
    expect(made.status).toBe(201)
    const listed = await rig.call('GET', '/v1/tenants', { credential })
    expect(listed.field('data.0.id')).toEqual('acme')
    expect(listed.text).not.toContain('other')
    const foreign = ['', '/keys', '/users', '/roles', '/keys/key_x'].map(
      (path) => `${other}${path}`,
    )
    for (const path of foreign) {
      const { status, field } = await rig.call('GET', path, { credential })
      const missing = await rig.call('GET', path.replace('other', 'nothere'), { credential })
      expect([path, status]).toEqual([path, 404])
      // What is missing is called by the name that was asked for; nothing else differs.
      expect(field('detail')).toEqual(String(missing.field('detail')).replace('nothere', 'other'))
    }
    expect(
      (await rig.call('POST', `${other}/keys`, { credential, body: { name: 'x' } })).status,
    ).toBe(404)
    for (const path of [
      '/v1/bans',
      '/v1/limits',
      '/v1/config',
      '/v1/stats',
      '/v1/audit/checkpoint',
    ]) {
      expect([path, (await rig.call('GET', path, { credential })).status]).toEqual([path, 403])
    }
    expect(
      (await rig.call('POST', '/v1/tenants', { credential, body: { name: 'x' } })).status,
    ).toBe(403)
    expect((await rig.call('DELETE', acme, { credential })).status).toBe(403)
    const audit = await rig.call('GET', '/v1/audit', { credential })
    expect(audit.text).not.toContain('"other"')
    expect((await rig.call('GET', '/v1/audit?tenantId=other', { credential })).status).toBe(404)
  })

  test('nobody hands on more than they hold: keys, rotations, roles, assignments, passwords, tokens', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const credential = await keyWith(rig, acme, 'admin')
    const superior = await rig.call('POST', `${acme}/keys`, {
      body: { name: 'boss', roles: ['owner'] },
    })
    const bossId = String(superior.field('key.id'))
    const user = await rig.call('POST', `${acme}/users`, { body: { login: 'boss' } })
    const userId = String(user.field('id'))
    await rig.call('PUT', `${acme}/users/${userId}/roles/owner`)
    const attempts = [
      ['POST', `${acme}/keys`, { name: 'x', roles: ['owner'] }],
      ['POST', `${acme}/keys`, { name: 'x', permissions: ['tollgate.system:operate'] }],
      ['POST', `${acme}/keys`, { name: 'x', userId }],
      ['POST', `${acme}/keys/${bossId}/rotate`, {}],
      ['PUT', `${acme}/users/${userId}/password`, { password: 'correct horse battery staple' }],
      ['PUT', `${acme}/users/${userId}/roles/operator`, undefined],
      ['POST', `${acme}/tokens`, { owner: { kind: 'key', id: bossId } }],
      ['POST', `${acme}/tokens`, { owner: { kind: 'user', id: userId } }],
    ] as const
    for (const [method, path, body] of attempts) {
      const { status, field } = await rig.call(method, path, { credential, body })
      expect([method, path, status, field('code')]).toEqual([
        method,
        path,
        403,
        'permission_denied',
      ])
    }
    const owner = await keyWith(rig, acme, 'owner')
    const role = { name: 'sneaky', permissions: ['tollgate.*:*'] }
    expect(
      (await rig.call('POST', `${acme}/roles`, { credential: owner, body: role })).status,
    ).toBe(403)
    expect(
      (
        await rig.call('POST', `${acme}/keys`, {
          credential,
          body: { name: 'ok', roles: ['viewer'] },
        })
      ).status,
    ).toBe(201)
  })

  test('a reader cannot write, and an ordinary key cannot administer', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const auditor = await keyWith(rig, acme, 'auditor')
    const editor = await keyWith(rig, acme, 'editor')
    expect((await rig.call('GET', `${acme}/keys`, { credential: auditor })).status).toBe(200)
    expect(
      (await rig.call('POST', `${acme}/keys`, { credential: auditor, body: { name: 'x' } })).status,
    ).toBe(403)
    expect((await rig.call('GET', `${acme}/keys`, { credential: editor })).status).toBe(403)
  })

  test('an operator works in every tenant', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    await withTenant(rig, 'other')
    const operator = await keyWith(rig, acme, 'operator')
    expect((await rig.call('GET', '/v1/tenants/other/keys', { credential: operator })).status).toBe(
      200,
    )
    expect((await rig.call('GET', '/v1/limits', { credential: operator })).status).toBe(200)
  })

  test('a revoked key administers no more', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const made = await rig.call('POST', `${acme}/keys`, { body: { name: 'x', roles: ['owner'] } })
    const credential = String(made.field('secret'))
    expect((await rig.call('GET', acme, { credential })).status).toBe(200)
    await rig.call('POST', `${acme}/keys/${String(made.field('key.id'))}/revoke`)
    expect((await rig.call('GET', acme, { credential })).status).toBe(401)
  })
})

describe('every change is in the ledger before it is acknowledged', () => {
  test('its intent, then its outcome with who, what, before and after, and no secret', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const made = await rig.call('POST', `${acme}/keys`, { body: { name: 'ci' } })
    const id = String(made.field('key.id'))
    const changed = await rig.call('PATCH', `${acme}/keys/${id}`, { body: { name: 'cd' } })
    const requestId = changed.headers.get('x-request-id') ?? ''
    const { records } = await rig.ledger.tenant('acme').query({ requestId })
    expect(records.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['key.update', 'ok'],
      ['key.update', 'pending'],
    ])
    expect(records[0]).toMatchObject({
      actor: { kind: 'root', id: 'root' },
      target: id,
      before: { name: 'ci' },
      after: { name: 'cd' },
      address: '127.0.0.1',
    })
    const all = JSON.stringify((await rig.ledger.across().query({ limit: 1000 })).records)
    expect(all).not.toContain(String(made.field('secret')))
  })

  test('a refused change is recorded as refused', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    await rig.call('DELETE', `${acme}/keys/key_nothere`)
    const { records } = await rig.ledger.tenant('acme').query({ action: 'key.delete' })
    expect(records.map(({ outcome }) => outcome)).toEqual(['not_found', 'pending'])
  })

  test('a ledger that cannot write lets nothing change', async () => {
    let broken = false
    const failing = (real: Ledger): Ledger => ({
      ...real,
      append: async (entry) => {
        if (broken) throw new LedgerError('failed', 'disk full')
        return real.append(entry)
      },
    })
    const rig = await createAdminRig({ ledger: failing })
    const acme = await withTenant(rig)
    broken = true
    const refused = await rig.call('POST', `${acme}/keys`, {
      body: { name: 'x' },
      headers: { 'idempotency-key': 'once' },
    })
    expect(problem(refused)).toEqual([503, 'unavailable'])
    expect(refused.text).not.toContain('disk full')
    expect(rig.internals.join()).toContain('disk full')
    expect((await rig.call('GET', `${acme}/keys`)).field('data')).toEqual([])
    broken = false
    const again = await rig.call('POST', `${acme}/keys`, {
      body: { name: 'x' },
      headers: { 'idempotency-key': 'once' },
    })
    expect(again.status).toBe(201)
  })

  test('a change whose outcome cannot be written is not acknowledged', async () => {
    let left = Infinity
    const failing = (real: Ledger): Ledger => ({
      ...real,
      append: async (entry) => {
        left -= 1
        if (left < 0) throw new LedgerError('failed', 'disk full')
        return real.append(entry)
      },
    })
    const rig = await createAdminRig({ ledger: failing })
    const acme = await withTenant(rig)
    left = 1
    const headers = { 'idempotency-key': 'once' }
    const refused = await rig.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers })
    expect(refused.status).toBe(503)
    expect(refused.text).not.toContain('tg_')
    left = Infinity
    const again = await rig.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers })
    expect(problem(again)).toEqual([409, 'conflict'])
    expect(String(again.field('detail'))).toContain('interrupted')
  })
})

describe('requests', () => {
  test('are refused with every mistake by JSON pointer', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const body = { name: '', roles: ['Bad Role'], allowedCidrs: ['nowhere'], surprise: 1 }
    const { status, field, headers } = await rig.call('POST', `${acme}/keys`, { body })
    expect(status).toBe(422)
    expect(headers.get('content-type')).toBe('application/problem+json')
    const pointers = (field('errors') as { pointer: string }[]).map((each) => each.pointer)
    expect(pointers).toEqual(expect.arrayContaining(['/name', '/roles/0', '/allowedCidrs/0']))
    expect(field('requestId')).toEqual(headers.get('x-request-id'))
  })

  test.each([
    ['not JSON', '{', {}, 400, 'json_invalid'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'json_invalid'],
    ['a polluting key', '{"name":"x","metadata":{"__proto__":{}}}', {}, 400, 'json_invalid'],
    ['a key twice', '{"name":"x","n\\u0061me":"y"}', {}, 400, 'json_invalid'],
    ['too deep', `${'['.repeat(40)}${']'.repeat(40)}`, {}, 400, 'json_invalid'],
    ['another type', 'name=x', { 'content-type': 'text/plain' }, 415, 'content_type_unsupported'],
    ['too large', `"${'x'.repeat(300_000)}"`, {}, 413, 'body_too_large'],
  ])('%s', async (_what, body, headers, status, code) => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    expect(problem(await rig.call('POST', `${acme}/keys`, { body, headers }))).toEqual([
      status,
      code,
    ])
  })

  test('unknown paths, methods, query parameters and bodies where none belongs', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    expect(problem(await rig.call('GET', '/v1/nothing'))).toEqual([404, 'route_unknown'])
    const wrong = await rig.call('PUT', '/v1/tenants')
    expect(problem(wrong)).toEqual([405, 'method_not_allowed'])
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST')
    expect((await rig.call('GET', `${acme}/keys?lmit=1`)).status).toBe(422)
    expect((await rig.call('GET', `${acme}/keys?limit=0`)).status).toBe(422)
    expect((await rig.call('GET', `${acme}/keys?limit=1&limit=2`)).status).toBe(400)
    expect((await rig.call('GET', `${acme}/keys?cursor=forged`)).status).toBe(400)
    expect((await rig.call('POST', `${acme}/suspend`, { body: {} })).status).toBe(400)
    expect((await rig.call('GET', '/v1/tenants/%2e%2e%2fconfig/keys')).status).toBe(404)
  })

  test('pages follow each other to the end without gaps', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const made = new Set<string>()
    for (let index = 0; index < 7; index += 1) {
      const { field } = await rig.call('POST', `${acme}/keys`, { body: { name: `k${index}` } })
      made.add(String(field('key.id')))
    }
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { field } = await rig.call('GET', `${acme}/keys?limit=3${query}`)
      const data = field('data') as { id: string }[]
      seen.push(...data.map(({ id }) => id))
      cursor = field('nextCursor') as string | null
    }
    expect(seen).toHaveLength(7)
    expect(new Set(seen)).toEqual(made)
  })
})

describe('versions', () => {
  test('If-Match lets only the version seen be changed; If-None-Match spares the answer', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const first = await rig.call('GET', acme)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toBe('"1"')
    const unchanged = await rig.call('GET', acme, { headers: { 'if-none-match': etag } })
    expect([unchanged.status, unchanged.text]).toEqual([304, ''])
    const change = async (ifMatch: string): Promise<Called> =>
      rig.call('PATCH', acme, { body: { name: ifMatch }, headers: { 'if-match': ifMatch } })
    const changed = await change('"1"')
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"'])
    expect(problem(await change('"1"'))).toEqual([412, 'precondition_failed'])
    expect(problem(await change('"other"'))).toEqual([412, 'precondition_failed'])
    expect(problem(await change('3'))).toEqual([400, 'header_invalid'])
    expect((await change('*')).status).toBe(200)
  })
})

describe('Idempotency-Key', () => {
  const once = { 'idempotency-key': 'order-66' }

  test('the same request again gets the same answer and changes nothing', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const create = async (): Promise<Called> =>
      rig.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers: once })
    const first = await create()
    const second = await create()
    expect([second.status, second.text]).toEqual([201, first.text])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect((await rig.call('GET', `${acme}/keys`)).field('data')).toHaveLength(1)
  })

  test('another request under the same key is refused; another caller’s key is another', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const credential = await keyWith(rig, acme, 'owner')
    const path = `${acme}/users`
    await rig.call('POST', path, { body: { login: 'a' }, headers: once })
    const other = await rig.call('POST', path, { body: { login: 'b' }, headers: once })
    expect(problem(other)).toEqual([422, 'idempotency_mismatch'])
    const own = await rig.call('POST', path, { body: { login: 'b' }, headers: once, credential })
    expect(own.status).toBe(201)
    const form = { 'idempotency-key': 'with space' }
    expect((await rig.call('POST', path, { body: { login: 'c' }, headers: form })).status).toBe(400)
  })

  test('of requests at the same time one runs and the others are told so', async () => {
    const rig = await createAdminRig()
    const acme = await withTenant(rig)
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () =>
        rig.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers: once }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(1)
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true)
    expect((await rig.call('GET', `${acme}/keys`)).field('data')).toHaveLength(1)
  })

  test('is remembered over a restart for 24 hours, and the stored answer is sealed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-admin-'))
    folders.push(folder)
    const path = join(folder, 'tollgate.db')
    const clock = createManualClock()
    const collections = TEST_COLLECTIONS
    const before = await createAdminRig({
      records: await openSqlite({ path, collections, clock }),
      clock,
    })
    const acme = await withTenant(before)
    const first = await before.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers: once })
    const secret = String(first.field('secret'))
    await before.records.close()
    const stored = Buffer.from(await Bun.file(path).bytes()).toString('latin1')
    expect(stored).not.toContain(secret)
    expect(stored).not.toContain(before.root)

    const records = await openSqlite({ path, collections, clock })
    const after = await createAdminRig({ records, clock, root: before.root })
    const again = await after.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers: once })
    expect([again.status, again.text]).toEqual([201, first.text])
    clock.advance(24 * 3_600_000 + 1)
    expect(await after.app.sweep()).toBeGreaterThan(0)
    const later = await after.call('POST', `${acme}/keys`, { body: { name: 'x' }, headers: once })
    expect(later.status).toBe(201)
    expect(later.text).not.toBe(first.text)
    await records.close()
  })
})
