import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  ask,
  makeFolder,
  removeFolder,
  runTollgate,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'
import { startHoldingUpstream } from '../../src/server/holding-upstream.fixture.ts'
import { ECHO_MS } from '../../src/server/until-stopped.ts'

/** How the gate starts and stops, as a supervisor sees it. */

const upstream = startHoldingUpstream()
afterAll(() => upstream.stop())

interface Settings {
  readonly gate?: number
  readonly admin?: number
  readonly drainTimeout?: string
}

const config = ({ gate = 0, admin = 0, drainTimeout = '1m' }: Settings = {}): string => `
listen: { address: '127.0.0.1:${gate}', drainTimeout: ${drainTimeout} }
admin: { address: '127.0.0.1:${admin}' }
upstreams:
  slow: { targets: ['${upstream.url}'] }
routes:
  - { id: slow, path: /slow, credentials: [anonymous], upstream: slow }
`

describe('starting', () => {
  test.each(['gate', 'admin'])(
    'where the port of the %s is taken ends with 5, and makes nothing',
    async (which) => {
      const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
      const folder = makeFolder(config({ [which]: taken.port }))
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

  test.each([[[]], [['--workers', '2']]])(
    'refuses connections until it serves, with %j',
    async (args) => {
      const place = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
      const { port = 0 } = place
      await place.stop(true)
      const starting = startGateProcess(makeFolder(config({ gate: port })), args)
      const seen = new Set<number | string>()
      const ready = `http://127.0.0.1:${port}/ready`
      while (!seen.has(200)) {
        seen.add(
          await ask(ready).then(
            ({ status }) => status,
            () => 'refused',
          ),
        )
        await Bun.sleep(1)
      }
      expect([...seen]).toEqual(['refused', 200])
      const gate = await starting
      expect(await gate.stop()).toBe(0)
      removeFolder(gate.folder)
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
    const slow = fetch(`${gate.url}/slow?hold`)
    await until(async () => upstream.held() === 1)
    const ended = gate.stop()
    await until(async () =>
      ask(`${gate.url}/slow`).then(
        async () => false,
        () => true,
      ),
    )
    upstream.release()
    const answer = await slow
    expect([answer.status, await answer.text()]).toEqual([200, 'whole'])
    expect(await ended).toBe(0)
    expect(gate.said()).toContain('"finished":true')
    removeFolder(gate.folder)
  })

  test('takes the same signal, come by several ways at once, for one', async () => {
    const gate = await startGateProcess(makeFolder(config()), ['--workers', '2'])
    const slow = fetch(`${gate.url}/slow?hold`)
    await until(async () => upstream.held() === 1)
    // Two that cannot melt into one before they arrive.
    gate.kill('SIGINT')
    gate.kill('SIGTERM')
    await gate.says(/"stopping"/)
    upstream.release()
    expect((await slow).status).toBe(200)
    expect(await gate.exited).toBe(0)
    removeFolder(gate.folder)
  })

  test('ends at once on another signal', async () => {
    const gate = await startGateProcess(makeFolder(config()))
    const cut = fetch(`${gate.url}/slow?hold`).catch(() => undefined)
    await until(async () => upstream.held() === 1)
    gate.kill('SIGINT')
    await gate.says(/"stopping"/)
    await Bun.sleep(ECHO_MS + 100)
    gate.kill('SIGINT')
    expect(await gate.exited).toBe(130)
    await cut
    removeFolder(gate.folder)
  })

  test('cuts off what does not end in time', async () => {
    const gate = await startGateProcess(makeFolder(config({ drainTimeout: '200ms' })))
    const slow = fetch(`${gate.url}/slow?hold`).then(
      () => 'answered',
      () => 'cut',
    )
    await until(async () => upstream.held() === 1)
    expect(await gate.stop()).toBe(0)
    expect(await slow).toBe('cut')
    expect(gate.said()).toContain('"finished":false')
    removeFolder(gate.folder)
  })

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
    // It would have been held up for the minute that answers under way are given.
    expect(performance.now() - startMs).toBeLessThan(20_000)
    silent.destroy()
    removeFolder(gate.folder)
  })
})
