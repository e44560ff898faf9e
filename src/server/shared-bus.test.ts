import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { hasRedisServer, startRedisServer, until } from '../storage/redis/redis-server.fixture.ts'
import { parseGatewayConfig } from './config-file.ts'
import type { GateProcess } from './gate-process.fixture.ts'
import { ask, makeFolder, makeKey, removeFolder, startGateProcess } from './gate-process.fixture.ts'
import { untilGates } from './turns.fixture.ts'

describe('the configuration of Redis', () => {
  const errorsOf = async (redis: string): Promise<string> => {
    const outcome = await parseGatewayConfig(`storage: { redis: ${redis} }`, 'tollgate.yaml', {})
    return outcome.ok ? '' : outcome.errors.map(({ message }) => message).join('; ')
  }
  test.each([
    ['{ url: "redis://cache.example:6380/2" }', ''],
    ['{ url: "rediss://[::1]", password: x, tls: { serverName: cache } }', ''],
    ['{ nodes: ["a:7000", "[::1]:7001"], username: gate, timeout: 50ms, silence: 300ms }', ''],
    ['{}', 'either url or nodes'],
    ['{ url: "redis://a", nodes: ["b:1"] }', 'either url or nodes'],
    ['{ url: "http://a" }', 'a URL such as redis://host:6379'],
    ['{ url: "redis://:secret@a" }', 'no password here'],
    ['{ url: "redis://a", silence: 1ms }', 'at least 100ms'],
    ['{ url: "redis://a", prefix: "a b" }', 'expected letters'],
  ])('%s: %s', async (redis, error) => {
    const errors = await errorsOf(redis)
    if (error === '') expect(errors).toBe('')
    else expect(errors).toContain(error)
    expect(errors).not.toContain('secret')
  })
})

describe.skipIf(!hasRedisServer)('a gate that starts without Redis', () => {
  test('says that it hears nothing of others, and why, and when it does', async () => {
    const redis = await startRedisServer()
    await redis.kill()
    const gate = await startGateProcess(
      makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
storage: { redis: { url: 'redis://127.0.0.1:${redis.port}', silence: 200ms } }
routes: [{ id: r, path: /r, credentials: [anonymous], respond: { body: ok } }]
`),
    )
    await gate.says(/changes of others are not heard.*"cause":"[^"]*ECONNREFUSED/)
    await redis.restart()
    await gate.says(/changes of others are heard/)
    expect(await gate.stop()).toBe(0)
    removeFolder(gate.folder)
    await redis.end()
  }, 30_000)
})

describe.skipIf(!hasRedisServer)('two gates that share a Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedisServer>>
  let upstream: ReturnType<typeof Bun.serve>
  let gates: GateProcess[]
  let version = 1
  beforeAll(async () => {
    redis = await startRedisServer()
    upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        if (request.method === 'POST') version += 1
        const headers = { 'cache-control': 'max-age=600' }
        return new Response(String(version), request.method === 'POST' ? {} : { headers })
      },
    })
    const config = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
storage: { redis: { url: 'redis://127.0.0.1:${redis.port}', silence: 200ms } }
signals: { expose: [ready, metrics] }
upstreams: { up: { targets: ['http://127.0.0.1:${upstream.port}'] } }
defaults: { limits: [] }
routes:
  - { id: r, path: /r, methods: [GET, POST], upstream: up, credentials: [anonymous], cache: { scope: shared } }
  - { id: keyed, path: /keyed, respond: { body: ok } }
`
    gates = await Promise.all([1, 2].map(async () => startGateProcess(makeFolder(config))))
    for (const gate of gates) await until(async () => isLive(gate), 'the bus')
  }, 30_000)
  afterAll(async () => {
    for (const gate of gates) {
      await gate.stop()
      removeFolder(gate.folder)
    }
    await upstream.stop(true)
    await redis.end()
  })

  const isLive = async (gate: GateProcess): Promise<boolean> =>
    (await (await ask(`${gate.url}/metrics`)).text()).includes('tollgate_bus_live 1')
  const metric = async (gate: GateProcess, name: string): Promise<number> => {
    const text = await (await ask(`${gate.url}/metrics`)).text()
    return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
  }
  // One service under one name: behind a balancer the gates see the same host.
  const headers = { host: 'api.example' }
  const get = async (gate: GateProcess): Promise<string> =>
    (await ask(`${gate.url}/r`, { headers })).text()

  test('hear of each other what was changed, and serve on without Redis', async () => {
    const [one, two] = gates as [GateProcess, GateProcess]
    expect([await get(one), await get(two)]).toEqual(['1', '1'])
    expect((await ask(`${one.url}/r`, { method: 'POST', headers })).status).toBe(200)
    expect(await get(one)).toBe('2')
    const tookMs = await untilGates(
      [one.pid, two.pid, redis.pid],
      async () => (await get(two)) === '2',
      'the change',
    )
    expect(tookMs).toBeLessThan(1000)

    await redis.kill()
    await until(async () => !(await isLive(two)), 'silence')
    version = 7
    // Content goes on, and nobody takes the gate out of service.
    expect(await get(two)).toBe('2')
    expect((await ask(`${two.url}/ready`)).status).toBe(200)
    await redis.restart()
    await until(async () => isLive(two), 'being live again')
    // What was missed may have been anything.
    await until(async () => (await get(two)) === '7', 'a new answer')
  }, 30_000)

  test('a gate cut off from Redis revokes, says that others wait for word of it, and tells them', async () => {
    const [one] = gates as [GateProcess]
    const { id, secret } = await makeKey(one, 'cut-off', {})
    const headersOf = { authorization: `Bearer ${secret}` }
    const status = async (): Promise<number> =>
      (await ask(`${one.url}/keyed`, { headers: headersOf })).status
    expect(await status()).toBe(200)
    await redis.kill()
    const path = `/v1/tenants/cut-off/keys/${id}/revoke`
    const revoked = await one.call('POST', path)
    expect(revoked.status).toBe(202)
    expect(revoked.headers.get('tollgate-pending')).toBe('others')
    // The answer is that of any other revocation, and it is in force here.
    expect(await revoked.json()).toMatchObject({ id, status: 'revoked' })
    expect(await status()).toBe(401)
    expect(await metric(one, 'tollgate_bus_waiting')).toBeGreaterThan(0)
    const log = (await one.json('GET', '/v1/audit?kind=admin&limit=1')) as {
      data: { status: number }[]
    }
    expect(log.data[0]?.status).toBe(202)
    await redis.restart()
    await until(async () => (await metric(one, 'tollgate_bus_waiting')) === 0, 'the word going out')
    await until(async () => isLive(one), 'being live again')
    const other = await makeKey(one, 'cut-off', {})
    const later = await one.call('POST', `/v1/tenants/cut-off/keys/${other.id}/revoke`)
    expect([later.status, later.headers.get('tollgate-pending')]).toEqual([200, null])
  }, 30_000)
})
