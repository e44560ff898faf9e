import { afterEach, describe, expect, test } from 'bun:test'
import type { CreateGateOptions, EmbeddedGate, GatewayConfigInput, ManualClock } from './index.ts'
import { ConfigRefusedError, createGate, createLogger, createManualClock } from './index.ts'

const open: EmbeddedGate[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((gate) => gate.close()))
})

type Route = NonNullable<GatewayConfigInput['routes']>[number]

const answered: string[] = []

async function gateWith(
  routes: readonly Partial<Route>[],
  more: Partial<GatewayConfigInput> = {},
  options: Partial<CreateGateOptions> = {},
): Promise<EmbeddedGate> {
  answered.length = 0
  const gate = await createGate({
    config: {
      bans: { enabled: false },
      ...more,
      routes: routes.map((route, index) => ({
        id: `r${index}`,
        path: '/thing',
        ...(route.respond === undefined && { handler: true as const }),
        ...route,
      })),
    },
    handler: (_request, passed) => {
      answered.push(passed.requestId)
      return Response.json({ caller: passed.caller.kind, tenant: passed.caller.tenantId })
    },
    ...options,
  })
  open.push(gate)
  return gate
}

async function keyOf(
  gate: EmbeddedGate,
  permissions: string[] = ['thing:read'],
  more: Record<string, unknown> = {},
): Promise<{ secret: string; id: string }> {
  await gate.identity.tenants.create({ id: 'acme', name: 'Acme' })
  const made = await gate.identity.keys.create('acme', { name: 'k', permissions, ...more })
  if (!made.ok) throw new Error(made.refusal.detail ?? made.refusal.code)
  return { secret: made.value.secret, id: made.value.after.id }
}

const ask = (
  gate: EmbeddedGate,
  path = '/thing',
  headers: Record<string, string> = {},
  init: RequestInit = {},
): Promise<Response> => gate.fetch(new Request(`http://localhost${path}`, { ...init, headers }))

const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` })

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code
}

async function recordsOf(
  gate: EmbeddedGate,
): Promise<readonly { outcome: string; route?: string }[]> {
  await gate.ledger.flush()
  const { records } = await gate.ledger.across().query({ kind: 'traffic' })
  return records
}

describe('who may', () => {
  test('a request without a credential is refused unless the route admits it', async () => {
    const gate = await gateWith([{}, { path: '/open', credentials: ['anonymous'] }])
    const refused = await ask(gate)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('Bearer')
    expect((await ask(gate, '/open')).status).toBe(200)
  })

  test('a key is accepted as bearer and as X-API-Key, and one bad credential is not covered by a good one', async () => {
    const gate = await gateWith([{}])
    const { secret } = await keyOf(gate)
    expect((await ask(gate, '/thing', bearer(secret))).status).toBe(200)
    expect((await ask(gate, '/thing', { authorization: `bearer ${secret}` })).status).toBe(200)
    expect((await ask(gate, '/thing', { 'x-api-key': secret })).status).toBe(200)
    const both = { authorization: 'Bearer nonsense', 'x-api-key': secret }
    expect((await ask(gate, '/thing', both)).status).toBe(401)
    expect((await ask(gate, '/thing', { authorization: `Basic ${secret}` })).status).toBe(401)
  })

  test('a bad credential is refused even where none is needed', async () => {
    const gate = await gateWith([{ credentials: ['anonymous', 'key'] }])
    expect((await ask(gate)).status).toBe(200)
    expect((await ask(gate, '/thing', bearer('nonsense'))).status).toBe(401)
  })

  test('unknown, revoked, foreign and misplaced credentials get one answer', async () => {
    const gate = await gateWith([{}, { path: '/tokens', credentials: ['token'] }])
    const [revoked, bound] = [
      await keyOf(gate),
      await keyOf(gate, ['thing:read'], { allowedCidrs: ['10.0.0.0/8'] }),
    ]
    await gate.identity.keys.revoke('acme', revoked.id)
    const good = await keyOf(gate)
    const unknown = `${good.secret.slice(0, -1)}${good.secret.endsWith('0') ? '1' : '0'}`
    const answers = await Promise.all([
      ask(gate, '/thing', bearer(revoked.secret)),
      ask(gate, '/thing', bearer(bound.secret)),
      ask(gate, '/thing', bearer(unknown)),
      ask(gate, '/tokens', bearer(good.secret)),
    ])
    const bodies = await Promise.all(
      answers.map(async (answer) => {
        const {
          instance: _instance,
          requestId: _id,
          ...body
        } = (await answer.json()) as Record<string, unknown>
        return { status: answer.status, body }
      }),
    )
    for (const body of bodies) expect(body).toEqual(bodies[0]!)
    expect(bodies[0]?.status).toBe(401)
  })

  test('a session cookie works from its own site and is refused on forged requests', async () => {
    const gate = await gateWith([{ methods: ['GET', 'POST'], credentials: ['session'] }])
    await gate.identity.tenants.create({ id: 'acme', name: 'Acme' })
    const password = 'correct horse battery staple'
    await gate.identity.users.create('acme', { login: 'ann', password })
    const login = await gate.identity.users.login({
      tenantId: 'acme',
      login: 'ann',
      password,
      address: '127.0.0.1',
    })
    if (!login.ok) throw new Error(login.refusal.code)
    const cookie = `theme=dark; tollgate_session=${login.value.secret}`
    const post = (headers: Record<string, string>): Promise<Response> =>
      ask(gate, '/thing', { cookie, ...headers }, { method: 'POST' })
    expect((await ask(gate, '/thing', { cookie })).status).toBe(200)
    expect((await post({ 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await post({ origin: 'http://localhost' })).status).toBe(200)
  })
})

describe('what', () => {
  test('a permission that is not granted is refused by name', async () => {
    const gate = await gateWith([{ permission: 'thing:write' }])
    const { secret } = await keyOf(gate)
    const refused = await ask(gate, '/thing', bearer(secret))
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ permission: 'thing:write' })
    expect(answered).toHaveLength(0)
  })

  test('a path of another tenant looks like one that does not exist', async () => {
    const gate = await gateWith([{ path: '/tenants/{tenant}/thing', tenant: 'path.tenant' }])
    const { secret } = await keyOf(gate)
    expect((await ask(gate, '/tenants/acme/thing', bearer(secret))).status).toBe(200)
    expect((await ask(gate, '/tenants/%61cme/thing', bearer(secret))).status).toBe(200)
    expect((await ask(gate, '/tenants/other/thing', bearer(secret))).status).toBe(404)
  })

  test('an allow-list holds for path, query and body, and a value given twice is not on it', async () => {
    const list = 'files'
    const gate = await gateWith(
      [
        { path: '/q', credentials: ['anonymous'], allowList: { list, value: 'query.file' } },
        {
          path: '/b',
          methods: ['POST'],
          credentials: ['anonymous'],
          allowList: { list, value: 'body.deep.file' },
        },
      ],
      { policy: { allowLists: { files: { entries: ['a/b.json'] } } } },
    )
    const post = (body: unknown): Promise<Response> =>
      ask(
        gate,
        '/b',
        { 'content-type': 'application/json' },
        { method: 'POST', body: JSON.stringify(body) },
      )
    expect((await ask(gate, '/q?file=a/b.json')).status).toBe(200)
    expect((await ask(gate, '/q?file=a/b.json&file=c')).status).toBe(403)
    expect((await ask(gate, '/q?file=a/../a/b.json')).status).toBe(403)
    expect((await post({ deep: { file: 'a/b.json' } })).status).toBe(200)
    expect((await post({ deep: { file: 'c' } })).status).toBe(403)
    expect((await post({ deep: { file: ['a/b.json'] } })).status).toBe(403)
    expect((await post({})).status).toBe(403)
  })

  test('the schema tells nothing to those who may not call', async () => {
    const gate = await gateWith([
      {
        methods: ['POST'],
        permission: 'thing:write',
        request: { body: { type: 'object', required: ['secretField'] } },
      },
    ])
    const { secret } = await keyOf(gate)
    const refused = await ask(
      gate,
      '/thing',
      { ...bearer(secret), 'content-type': 'application/json' },
      { method: 'POST', body: '{}' },
    )
    expect(refused.status).toBe(403)
    expect(await refused.text()).not.toContain('secretField')
  })

  test('a body that is not UTF-8, not JSON or too large is refused', async () => {
    const gate = await gateWith([
      {
        methods: ['POST'],
        credentials: ['anonymous'],
        bodyMax: '64B',
        request: { body: { type: 'object' } },
      },
    ])
    const post = async (body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
      codeOf(await ask(gate, '/thing', { 'content-type': type }, { method: 'POST', body }))
    expect(await post(Uint8Array.of(0x22, 0xff, 0x22))).toBe('json_invalid')
    expect(await post('{"a":')).toBe('json_invalid')
    expect(await post('{"__proto__":{}}')).toBe('json_invalid')
    expect(await post(JSON.stringify({ a: 'x'.repeat(100) }))).toBe('body_too_large')
    expect(await post('{}', 'text/plain')).toBe('content_type_unsupported')
    expect(await post('[]')).toBe('request_invalid')
  })
})

describe('how much', () => {
  const limits = { three: { kind: 'bucket', limit: 3, window: '1h' } } as const

  test('500 at once against a limit of 100 admit exactly 100', async () => {
    const hundred = { kind: 'sliding', limit: 100, window: '1h' } as const
    const gate = await gateWith([{ limits: ['hundred'] }], { limits: { hundred } })
    const { secret } = await keyOf(gate)
    const statuses = await Promise.all(
      Array.from({ length: 500 }, async () => (await ask(gate, '/thing', bearer(secret))).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.filter((status) => status === 429)).toHaveLength(400)
  })

  test('answers and refusals carry the limit; a refused request costs nothing of the others', async () => {
    const gate = await gateWith(
      [
        { path: '/both', limits: ['three', 'five'] },
        { path: '/five', limits: ['five'] },
      ],
      { limits: { ...limits, five: { kind: 'bucket', limit: 5, window: '1h' } } },
    )
    const { secret } = await keyOf(gate)
    const both = (): Promise<Response> => ask(gate, '/both', bearer(secret))
    for (let index = 0; index < 3; index += 1) expect((await both()).status).toBe(200)
    const refused = await both()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ limit: 'three' })
    await both()
    const left = await ask(gate, '/five', bearer(secret))
    expect(left.headers.get('ratelimit')).toContain('"five";r=1')
  })

  test('five violations lead to a ban of an hour, which can be lifted', async () => {
    const clock: ManualClock = createManualClock()
    const gate = await gateWith([{ limits: ['three'] }], { limits, bans: {} }, { clock })
    const { secret } = await keyOf(gate)
    const status = async (): Promise<number> => (await ask(gate, '/thing', bearer(secret))).status
    const seen: number[] = []
    for (let index = 0; index < 9; index += 1) seen.push(await status())
    expect(seen).toEqual([200, 200, 200, 429, 429, 429, 429, 429, 403])
    clock.advance(59 * 60_000)
    expect(await status()).toBe(403)
    await gate.bans.flush()
    const [ban] = (await gate.bans.list({})).rows
    await gate.bans.lift(ban!.id)
    expect(await status()).toBe(200)
  })
})

describe('the record', () => {
  test('every exit is recorded exactly once: answered, refused, unrouted, failed', async () => {
    const gate = await gateWith(
      [
        { permission: 'thing:read' },
        { path: '/respond', credentials: ['anonymous'], respond: { body: 'x' } },
        { path: '/bug', credentials: ['anonymous'] },
        { path: '/quiet', credentials: ['anonymous'], audit: false },
      ],
      {},
      {
        handler: (request) => {
          if (request.url.endsWith('/bug')) throw new Error('a secret detail')
          return new Response('ok')
        },
      },
    )
    const { secret } = await keyOf(gate)
    await ask(gate, '/thing', bearer(secret))
    await ask(gate)
    await ask(gate, '/respond')
    await ask(gate, '/nowhere')
    await ask(gate, '/thing', bearer(secret), { method: 'DELETE' })
    const bug = await ask(gate, '/bug')
    await ask(gate, '/quiet')
    expect(bug.status).toBe(500)
    expect(await bug.text()).not.toContain('secret')
    const outcomes = (await recordsOf(gate)).map(({ outcome }) => outcome).toReversed()
    expect(outcomes).toEqual([
      'allow',
      'credential_missing',
      'allow',
      'route_unknown',
      'method_not_allowed',
      'internal_error',
    ])
    expect((await gate.ledger.verify()).ok).toBe(true)
  })
})

describe('what a program does wrong', () => {
  const clock = createManualClock()
  const sent = new Response('for all requests')
  const wrong = {
    nothing: undefined,
    'a text': 'hello',
    'an object': { status: 200 },
    'an answer that was sent before': sent,
  }
  for (const [what, answer] of Object.entries(wrong)) {
    for (const isAsync of [false, true]) {
      test(`${isAsync ? 'promising' : 'returning'} ${what} becomes a 500, recorded, that the log explains`, async () => {
        if (!sent.bodyUsed) await sent.text()
        const lines: string[] = []
        const gate = await gateWith(
          [{ credentials: ['anonymous'], limits: ['one'] }],
          { limits: { one: { kind: 'concurrency', limit: 1, by: 'route' } } },
          {
            handler: () => (isAsync ? Promise.resolve(answer) : answer) as Response,
            logger: createLogger({ clock, sink: { write: (line) => lines.push(line) } }),
          },
        )
        for (let index = 0; index < 3; index += 1) expect((await ask(gate)).status).toBe(500)
        expect((await recordsOf(gate)).map(({ outcome }) => outcome)).toEqual(
          Array.from({ length: 3 }, () => 'internal_error'),
        )
        expect(lines.join('')).toContain('the handler returned ')
      })
    }
  }

  test('a body that somebody else holds is refused, and fetch does not reject', async () => {
    const body = { type: 'object' }
    const gate = await gateWith([
      { credentials: ['anonymous'], methods: ['POST'], request: { body } },
    ])
    const headers = { 'content-type': 'application/json' }
    for (const host of [{}, { host: 'localhost' }]) {
      const request = new Request('http://localhost/thing', {
        method: 'POST',
        body: new ReadableStream({ pull: (controller) => controller.close() }),
        headers: { ...headers, ...host },
      })
      request.body?.getReader()
      expect((await gate.fetch(request)).status).toBeGreaterThanOrEqual(400)
    }
    expect(answered).toHaveLength(0)
  })

  test('an answer of another library passes', async () => {
    const foreign = {
      [Symbol.toStringTag]: 'Response',
      status: 202,
      statusText: '',
      headers: new Headers({ 'x-from': 'elsewhere' }),
      bodyUsed: false,
      body: new Blob(['elsewhere']).stream(),
    } as unknown as Response
    const gate = await gateWith([{ credentials: ['anonymous'] }], {}, { handler: () => foreign })
    const answer = await ask(gate)
    expect([answer.status, answer.headers.get('x-from'), await answer.text()]).toEqual([
      202,
      'elsewhere',
      'elsewhere',
    ])
  })
})

describe('the configuration', () => {
  test('a reload is in force for the next request; a bad one changes nothing', async () => {
    const gate = await gateWith([{ credentials: ['anonymous'] }])
    expect((await ask(gate)).status).toBe(200)
    const route = {
      id: 'r0',
      path: '/other',
      credentials: ['anonymous' as const],
      handler: true as const,
    }
    await gate.reload({ routes: [route] })
    expect((await ask(gate)).status).toBe(404)
    expect((await ask(gate, '/other')).status).toBe(200)
    const bad = await gate
      .reload({ routes: [route, { ...route, id: 'r1' }] })
      .catch((error: unknown) => error)
    expect(String(bad)).toContain('another route already takes GET /other')
    expect((await ask(gate, '/other')).status).toBe(200)
  })

  test('a reload does not reset what was used of a limit', async () => {
    const routes: Route[] = [{ id: 'r0', path: '/thing', limits: ['l'], handler: true }]
    const gate = await gateWith([{ limits: ['l'] }], {
      limits: { l: { kind: 'bucket', limit: 10, window: '1h' } },
    })
    const { secret } = await keyOf(gate)
    for (let index = 0; index < 4; index += 1) await ask(gate, '/thing', bearer(secret))
    await gate.reload({ limits: { l: { kind: 'bucket', limit: 5, window: '1h' } }, routes })
    expect((await ask(gate, '/thing', bearer(secret))).status).toBe(200)
    expect((await ask(gate, '/thing', bearer(secret))).status).toBe(429)
  })

  test('every mistake is told at once, with its place', async () => {
    const refused = createGate({
      config: {
        routes: [
          { id: 'a', path: '/a', limits: ['nope'], handler: true },
          { id: 'a', path: 'b', upstream: 'none' },
        ],
      },
      handler: () => new Response(),
    })
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigRefusedError)
    const paths = (error as ConfigRefusedError).errors.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['routes[0].limits[0]', 'routes[1].path']))
  })

  test('a mistake in a limit is the only one, though the predefined limits are not there then', async () => {
    const limits = { own: { kind: 'bucket' as const, limit: 0, window: '1h' } }
    const routes: Route[] = [{ id: 'a', path: '/a', limits: ['daily'], respond: { body: 'a' } }]
    const refused = await createGate({ config: { limits, routes } }).catch(
      (error: ConfigRefusedError) => error.errors.map(({ path }) => path),
    )
    expect(refused).toEqual(['limits.own.limit'])
  })

  test('what was probably meant stands in the message', async () => {
    const config = { routs: [] } as unknown as GatewayConfigInput
    const refused = await createGate({ config }).catch(String)
    expect(refused).toBe(
      'ConfigRefusedError: routs: the key "routs" is not known here; did you mean "routes"?',
    )
  })

  test('one that is missing is a mistake, and leaves the one before in force', async () => {
    const nothing = undefined as unknown as GatewayConfigInput
    const refused = await createGate({ config: nothing }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ConfigRefusedError)
    expect(String(refused)).toBe(
      'ConfigRefusedError: there is no configuration; give {} for all defaults',
    )
    const gate = await gateWith([{ credentials: ['anonymous'] }])
    expect(await gate.reload(nothing).catch(String)).toContain('there is no configuration')
    expect((await ask(gate)).status).toBe(200)
  })

  test('a handler is asked for nothing that was refused', async () => {
    const gate = await gateWith([{ permission: 'thing:write' }])
    await ask(gate)
    expect(answered).toHaveLength(0)
  })
})
