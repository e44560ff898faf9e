import { describe, expect, test } from 'bun:test'
import type { EmbeddedGate, GatewayConfigInput, Passed } from '../../src/index.ts'
import { ConfigRefusedError, createGate } from '../../src/index.ts'

/** Who gets what is stored: nothing goes from one caller to another unless somebody said so. */

type Cache = NonNullable<NonNullable<GatewayConfigInput['routes']>[number]['cache']>

interface Bench {
  readonly gate: EmbeddedGate
  /** Bodies that the handler made. */
  readonly made: string[]
  get(path: string, key?: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

async function setUp(
  cache: Cache,
  respond: (passed: Passed, times: number, request: Request) => Response,
): Promise<Bench> {
  const made: string[] = []
  const gate = await createGate({
    config: {
      defaults: { limits: [] },
      routes: [
        {
          id: 'thing',
          path: '/thing/{id}',
          credentials: ['key', 'anonymous'],
          handler: true,
          cache,
        },
        { id: 'guarded', path: '/guarded', permission: 'thing:read', handler: true, cache },
      ],
    },
    handler: (request, passed) => {
      made.push(passed.caller.id)
      return respond(passed, made.length, request)
    },
  })
  return {
    gate,
    made,
    get: (path, key, headers = {}) =>
      gate.fetch(
        new Request(`http://api.test${path}`, {
          headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
        }),
      ),
  }
}

async function makeKey(
  gate: EmbeddedGate,
  tenant: string,
  name: string,
): Promise<{ readonly id: string; readonly secret: string }> {
  await gate.identity.tenants.create({ id: tenant, name: tenant }).catch(() => undefined)
  const key = await gate.identity.keys.create(tenant, { name, permissions: ['thing:read'] })
  if (!key.ok) throw new Error(key.refusal.code)
  return { id: key.value.after.id, secret: key.value.secret }
}

const personal = ({ caller }: Passed): Response =>
  new Response(`for ${caller.id}`, { headers: { 'cache-control': 'max-age=60' } })

describe('scope', () => {
  test('caller, the default: each credential has its own, anonymous callers share theirs', async () => {
    const { gate, made, get } = await setUp(true, personal)
    const a = await makeKey(gate, 'one', 'a')
    const b = await makeKey(gate, 'one', 'b')
    for (let time = 0; time < 2; time += 1) {
      expect(await (await get('/thing/1', a.secret)).text()).toBe(`for ${a.id}`)
      expect(await (await get('/thing/1', b.secret)).text()).toBe(`for ${b.id}`)
      expect(await (await get('/thing/1')).text()).toBe('for ')
    }
    expect(made).toEqual([a.id, b.id, ''])
    await gate.close()
  })

  test('tenant: shared within the tenant, and only what says that it may be shared', async () => {
    let control = 'max-age=60'
    const { gate, made, get } = await setUp({ scope: 'tenant' }, ({ caller }) => {
      return new Response(caller.tenantId, { headers: { 'cache-control': control } })
    })
    const [a, b, c] = [
      await makeKey(gate, 'one', 'a'),
      await makeKey(gate, 'one', 'b'),
      await makeKey(gate, 'two', 'c'),
    ]
    await get('/thing/1', a.secret)
    await get('/thing/1', b.secret)
    expect(made).toHaveLength(2)
    control = 'public, max-age=60'
    await get('/thing/2', a.secret)
    expect(await (await get('/thing/2', b.secret)).text()).toBe('one')
    expect(await (await get('/thing/2', c.secret)).text()).toBe('two')
    expect(made).toHaveLength(4)
    await gate.close()
  })

  test('shared: for everybody, and only what says that it may be shared', async () => {
    const { gate, made, get } = await setUp({ scope: 'shared' }, (_, times) => {
      const control = times === 1 ? 'max-age=60' : 's-maxage=60'
      return new Response(`n${times}`, { headers: { 'cache-control': control } })
    })
    const a = await makeKey(gate, 'one', 'a')
    const b = await makeKey(gate, 'two', 'b')
    expect(await (await get('/thing/1', a.secret)).text()).toBe('n1')
    expect(await (await get('/thing/1', a.secret)).text()).toBe('n2')
    expect(await (await get('/thing/1', b.secret)).text()).toBe('n2')
    expect(await (await get('/thing/1')).text()).toBe('n2')
    expect(made).toHaveLength(2)
    await gate.close()
  })

  test('a response that varies on who the gate says is calling is not shared', async () => {
    const { gate, made, get } = await setUp({ scope: 'shared' }, ({ caller }) => {
      const headers = { 'cache-control': 'public, max-age=60', vary: 'X-Tollgate-Caller' }
      return new Response(caller.id, { headers })
    })
    const a = await makeKey(gate, 'one', 'a')
    const b = await makeKey(gate, 'one', 'b')
    expect(await (await get('/thing/1', a.secret)).text()).toBe(a.id)
    expect(await (await get('/thing/1', b.secret)).text()).toBe(b.id)
    expect(made).toHaveLength(2)
    await gate.close()
  })
})

test('what is stored is given to nobody who is refused', async () => {
  const { gate, made, get } = await setUp({ scope: 'shared' }, () => {
    return new Response('secret', { headers: { 'cache-control': 'public, max-age=60' } })
  })
  const a = await makeKey(gate, 'one', 'a')
  expect((await get('/guarded', a.secret)).status).toBe(200)
  expect((await get('/guarded', a.secret)).headers.get('cache-status')).toContain('hit')
  expect((await get('/guarded')).status).toBe(401)
  expect((await get('/guarded', 'tg_live_nobody')).status).toBe(401)
  const revoked = await gate.identity.keys.revoke('one', a.id)
  expect(revoked.ok).toBe(true)
  expect((await get('/guarded', a.secret)).status).toBe(401)
  expect(made).toHaveLength(1)
  await gate.close()
})

test('cookies that the handler sees make a response one client’s own', async () => {
  const { gate, made, get } = await setUp(true, (_, times) => {
    return new Response(`n${times}`, { headers: { 'cache-control': 'max-age=60' } })
  })
  for (let time = 1; time < 3; time += 1) {
    const response = await get('/thing/1', undefined, { cookie: 'sid=1' })
    expect(response.headers.get('cache-status')).toContain('detail=cookie')
    expect(await response.text()).toBe(`n${time}`)
  }
  expect(made).toHaveLength(2)
  await gate.close()
})

test('a configuration that changes what an answer looks like does not find what was stored before', async () => {
  const { gate, made, get } = await setUp(true, (_, times) => {
    return new Response(`n${times}`, { headers: { 'cache-control': 'max-age=60' } })
  })
  const route = { id: 'thing', path: '/thing/{id}', handler: true, cache: true } as const
  await get('/thing/1')
  await gate.reload({
    defaults: { limits: [] },
    routes: [{ ...route, credentials: ['anonymous'] }],
  })
  expect(await (await get('/thing/1')).text()).toBe('n2')
  await gate.reload({
    defaults: { limits: [] },
    routes: [
      { ...route, credentials: ['anonymous'] },
      { id: 'other', path: '/other', respond: {}, credentials: ['anonymous'] },
    ],
  })
  expect(await (await get('/thing/1')).text()).toBe('n2')
  expect(made).toHaveLength(2)
  await gate.close()
})

test('a fixed answer cannot be cached: it needs no cache', async () => {
  const config = { routes: [{ id: 'a', path: '/', respond: {}, cache: true }] }
  expect(createGate({ config })).rejects.toThrow(ConfigRefusedError)
})
