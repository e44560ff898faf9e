import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  makeFolder,
  removeFolder,
  runTollgate,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'

/** How the gate starts and stops, as a supervisor sees it. */

let inFlight = 0
const upstream = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const ms = Number(new URL(request.url).searchParams.get('ms'))
    inFlight += 1
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    request.signal.addEventListener('abort', () => resolve())
    await ended
    clearTimeout(timer)
    inFlight -= 1
    return new Response('late')
  },
})
afterAll(() => upstream.stop(true))

const config = (gate = 0, admin = 0): string => `
listen: { address: '127.0.0.1:${gate}', drainTimeout: 2s }
admin: { address: '127.0.0.1:${admin}' }
upstreams:
  slow: { targets: ['${upstream.url.href}'] }
routes:
  - { id: slow, path: /slow, credentials: [anonymous], upstream: slow }
`

describe('starting', () => {
  test.each(['gate', 'admin'])(
    'where the port of the %s is taken ends with 5, and makes nothing',
    async (which) => {
      const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
      const folder = makeFolder(which === 'gate' ? config(taken.port) : config(0, taken.port))
      const run = runTollgate(folder, ['serve'])
      expect(await run.exited).toBe(5)
      expect(run.said()).toBe(
        `tollgate: 127.0.0.1:${taken.port} is already in use; stop what listens there or choose another port\n`,
      )
      expect(readdirSync(folder)).toEqual(['tollgate.yaml'])
      await taken.stop(true)
      removeFolder(folder)
    },
  )

  test('on data that another gate uses ends with 5 and leaves it alone', async () => {
    const gate = await startGateProcess(makeFolder(config()))
    const run = runTollgate(gate.folder, ['serve'])
    expect(await run.exited).toBe(5)
    expect(run.said()).toContain('tollgate: ')
    expect((await fetch(`${gate.admin}/ready`)).status).toBe(200)
    expect(await gate.stop()).toBe(0)
    removeFolder(gate.folder)
  })

  test('with a wrong configuration ends with 6, says where, and makes nothing', async () => {
    const folder = makeFolder('routes:\n  - { id: a, path: /a, upstrem: b }\n')
    const run = runTollgate(folder, ['serve'])
    expect(await run.exited).toBe(6)
    expect(run.said()).toContain('tollgate.yaml:2')
    expect(run.said()).toContain('upstream')
    expect(existsSync(join(folder, '.tollgate'))).toBe(false)
    removeFolder(folder)
  })

  test('shows the root key once, and keeps it', async () => {
    const first = await startGateProcess(makeFolder(config()))
    const [root = ''] = await first.says(/tollgate_root_\w{43}/)
    expect(await first.stop()).toBe(0)
    const second = await startGateProcess(first.folder, [], root)
    expect((await second.call('GET', '/v1/me')).status).toBe(200)
    expect(second.said()).not.toContain('tollgate_root_')
    await second.stop()
    removeFolder(first.folder)
  })
})

describe('stopping', () => {
  test('on SIGTERM finishes requests in flight and takes no new ones', async () => {
    const gate = await startGateProcess(makeFolder(config()))
    const slow = fetch(`${gate.url}/slow?ms=600`)
    await until(async () => inFlight === 1)
    const ended = gate.stop()
    await until(async () =>
      fetch(`${gate.url}/slow?ms=0`, { keepalive: false }).then(
        async () => false,
        () => true,
      ),
    )
    const answer = await slow
    expect([answer.status, await answer.text()]).toEqual([200, 'late'])
    expect(await ended).toBe(0)
    expect(gate.said()).toContain('"finished":true')
    removeFolder(gate.folder)
  })

  test('takes the same signal, come by several ways at once, for one; another ends it at once', async () => {
    const gate = await startGateProcess(makeFolder(config()), ['--workers', '2'])
    const slow = fetch(`${gate.url}/slow?ms=1000`)
    await until(async () => inFlight === 1)
    // Two that cannot melt into one before they arrive.
    gate.kill('SIGINT')
    gate.kill('SIGTERM')
    expect((await slow).status).toBe(200)
    expect(await gate.exited).toBe(0)
    removeFolder(gate.folder)
    const other = await startGateProcess(makeFolder(config()))
    const cut = fetch(`${other.url}/slow?ms=30000`).catch(() => undefined)
    await until(async () => inFlight === 1)
    other.kill('SIGINT')
    await other.says(/"stopping"/)
    await Bun.sleep(700)
    other.kill('SIGINT')
    expect(await other.exited).toBe(130)
    await cut
    removeFolder(other.folder)
  }, 20_000)

  test('cuts off what does not end in time', async () => {
    const gate = await startGateProcess(makeFolder(config()))
    const slow = fetch(`${gate.url}/slow?ms=30000`).then(
      () => 'answered',
      () => 'cut',
    )
    await until(async () => inFlight === 1)
    expect(await gate.stop()).toBe(0)
    expect(await slow).toBe('cut')
    expect(gate.said()).toContain('"finished":false')
    removeFolder(gate.folder)
  }, 15_000)

  test('is not held up by a client that never says a word', async () => {
    const gate = await startGateProcess(makeFolder(config()))
    const { hostname, port } = new URL(gate.url)
    const silent = connect(Number(port), hostname)
    silent.on('error', () => undefined)
    await new Promise((resolve) => {
      silent.once('connect', resolve)
    })
    const startMs = performance.now()
    expect(await gate.stop()).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(5000)
    silent.destroy()
    removeFolder(gate.folder)
  })
})
