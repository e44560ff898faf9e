import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasRedisServer, startRedisServer, until } from '../storage/redis/redis-server.fixture.ts'
import type { GateProcess } from './gate-process.fixture.ts'
import { ask, makeFolder, removeFolder, startGateProcess } from './gate-process.fixture.ts'
import { untilGates } from './turns.fixture.ts'

/** An upstream whose answers tell their version; POST makes another. */
let version = 1
let asked = 0
const upstream = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    asked += 1
    if (request.method === 'POST') {
      version += 1
      return new Response('changed')
    }
    const { pathname } = new URL(request.url)
    return new Response(`${pathname} ${version}`, { headers: { 'cache-control': 'max-age=600' } })
  },
})
afterAll(async () => upstream.stop(true))
beforeEach(() => {
  version = 1
  asked = 0
})

const configOf = (storage: string, cache: string): string => `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
bans: { enabled: false }
storage: ${storage}
cache: ${cache}
signals: { expose: [metrics] }
upstreams: { up: { targets: ['http://127.0.0.1:${upstream.port}'] } }
defaults: { limits: [] }
routes:
  - id: r
    path: /r/{item}
    methods: [GET, POST]
    upstream: up
    credentials: [anonymous]
    cache: { scope: shared }
`
const headers = { host: 'api.example' }
const get = async (gate: GateProcess, path: string): Promise<string> =>
  (await ask(`${gate.url}${path}`, { headers })).text()
const post = async (gate: GateProcess, path: string): Promise<string> =>
  (await ask(`${gate.url}${path}`, { method: 'POST', headers })).text()

describe('a gate that keeps responses on disk', () => {
  /** Kills a gate with -9 after a change, and starts it again. */
  const restart = async (args: readonly string[], check: (gate: GateProcess) => Promise<void>) => {
    const folder = makeFolder(configOf('{}', '{ disk: {} }'))
    let gate = await startGateProcess(folder, args)
    const [root] = await gate.says(/tollgate_root_\w{43}/)
    for (const path of ['/r/kept', '/r/changed']) expect(await get(gate, path)).toBe(`${path} 1`)
    expect(await post(gate, '/r/changed')).toBe('changed')
    gate.kill('SIGKILL')
    await gate.exited
    gate = await startGateProcess(folder, args, root)
    await check(gate)
    await gate.stop()
    removeFolder(folder)
  }

  test('is warm after kill -9, and what was changed before stays changed', async () => {
    await restart([], async (gate) => {
      const before = asked
      expect(await get(gate, '/r/kept')).toBe('/r/kept 1')
      expect(asked).toBe(before)
      expect(await get(gate, '/r/changed')).toBe('/r/changed 2')
    })
  }, 30_000)

  test('brings what was asked for most back into memory when it starts', async () => {
    const folder = makeFolder(configOf('{}', '{ disk: {} }'))
    let gate = await startGateProcess(folder)
    const [root] = await gate.says(/tollgate_root_\w{43}/)
    for (let at = 0; at < 200; at += 1) await get(gate, `/r/hot${at % 2}`)
    await gate.stop()
    gate = await startGateProcess(folder, [], root)
    const stored = async (): Promise<string> => (await ask(`${gate.url}/metrics`)).text()
    await until(async () => (await stored()).includes('tollgate_responses_stored 2'), 'the warmth')
    expect(await stored()).toContain(
      'tollgate_cache_level_results_total{level="disk",result="hits"} 2',
    )
    await gate.stop()
    removeFolder(folder)
  }, 30_000)

  test('relies on nothing that was kept before a start without the disk', async () => {
    const folder = makeFolder(configOf('{}', '{ disk: {} }'))
    const file = join(folder, 'tollgate.yaml')
    let gate = await startGateProcess(folder)
    const [root] = await gate.says(/tollgate_root_\w{43}/)
    expect(await get(gate, '/r/a')).toBe('/r/a 1')
    await gate.stop()
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('cache: { disk: {} }', 'cache: {}'))
    gate = await startGateProcess(folder, [], root)
    await post(gate, '/r/a')
    await gate.stop()
    writeFileSync(file, text)
    gate = await startGateProcess(folder, [], root)
    expect(await get(gate, '/r/a')).toBe('/r/a 2')
    await gate.stop()
    removeFolder(folder)
  }, 30_000)

  test('starts anew with workers, who cannot know what others changed meanwhile', async () => {
    await restart(['--workers', '2'], async (gate) => {
      const all = Array.from({ length: 40 }, async () => get(gate, '/r/changed'))
      expect(new Set(await Promise.all(all))).toEqual(new Set(['/r/changed 2']))
    })
  }, 30_000)
})

describe.skipIf(!hasRedisServer)('gates that share responses in Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedisServer>>
  let config: string
  beforeAll(async () => {
    redis = await startRedisServer()
    const storage = `{ redis: { url: 'redis://127.0.0.1:${redis.port}', timeout: 500ms, silence: 2s } }`
    config = configOf(storage, '{ redis: {}, disk: {} }')
  })
  afterAll(async () => redis.end())

  test('fetch once for all, change for all, and serve on without Redis', async () => {
    const start = async (): Promise<GateProcess> => startGateProcess(makeFolder(config))
    const isLive = async (gate: GateProcess): Promise<boolean> =>
      (await (await ask(`${gate.url}/metrics`)).text()).includes('tollgate_bus_live 1')
    const gates = await Promise.all([start(), start()])
    const [one, two] = gates
    for (const gate of gates) await until(async () => isLive(gate), 'the bus')
    expect(await get(one, '/r/a')).toBe('/r/a 1')
    const stored = async (): Promise<unknown> => redis.command('KEYS', 'tollgate:c:*')
    await until(async () => String(await stored()).includes('/r/a'), 'the response in Redis')
    expect(await get(two, '/r/a')).toBe('/r/a 1')
    expect(asked).toBe(1)

    await post(one, '/r/a')
    expect(await get(one, '/r/a')).toBe('/r/a 2')
    const tookMs = await untilGates(
      [one.pid, two.pid, redis.pid],
      async () => (await get(two, '/r/a')) === '/r/a 2',
      'the change',
    )
    expect(tookMs).toBeLessThan(1000)

    redis.freeze()
    expect(await get(two, '/r/a')).toBe('/r/a 2')
    for (const path of ['/r/b', '/r/c', '/r/d']) expect(await get(two, path)).toBe(`${path} 2`)
    redis.thaw()
    for (const gate of gates) {
      await gate.stop()
      removeFolder(gate.folder)
    }
  }, 30_000)

  test('a gate that was down finds on disk what still holds, and nothing else', async () => {
    const folders = [makeFolder(config), makeFolder(config)] as const
    const isLive = async (gate: GateProcess): Promise<boolean> =>
      (await (await ask(`${gate.url}/metrics`)).text()).includes('tollgate_bus_live 1')
    const one = await startGateProcess(folders[0])
    let two = await startGateProcess(folders[1])
    const [root] = await two.says(/tollgate_root_\w{43}/)
    for (const gate of [one, two]) await until(async () => isLive(gate), 'the bus')
    for (const path of ['/r/held', '/r/moved']) expect(await get(two, path)).toBe(`${path} 1`)
    // How far the disk has followed is written down once a second.
    const segments = join(folders[1], '.tollgate/cache/main')
    const era = async (): Promise<string> =>
      String(await redis.command('HGET', 'tollgate:{bus}:state', 'era'))
    await until(async () => textIn(segments).includes(await era()), 'the mark')
    two.kill('SIGKILL')
    await two.exited
    await post(one, '/r/moved')
    // What is in Redis is not what is asked for here.
    const keys = (await redis.command('KEYS', 'tollgate:c:*')) as string[]
    await redis.command('DEL', ...keys)
    asked = 0
    two = await startGateProcess(folders[1], [], root)
    // Before it has heard what it missed it does not believe its disk.
    await until(async () => isLive(two), 'the bus')
    expect(await get(two, '/r/moved')).toBe('/r/moved 2')
    expect(await get(two, '/r/held')).toBe('/r/held 1')
    expect(asked).toBe(1)
    for (const gate of [one, two]) {
      await gate.stop()
      removeFolder(gate.folder)
    }
  }, 30_000)
})

/** Everything in the files of a folder. */
const textIn = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join()
