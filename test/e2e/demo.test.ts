import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_ENVIRONMENT, LAUNCHER, startDemo } from '../demo.fixture.ts'

const START_MS = 20_000

interface Demo {
  readonly gate: string
  readonly admin: string
  readonly rootKey: string
  readonly keys: Readonly<Record<string, string>>
  readonly curl: readonly string[]
}

const folder = mkdtempSync(join(tmpdir(), 'tollgate-demo-'))

async function openDemo(): Promise<{ demo: Demo; stop: () => Promise<number> }> {
  const { stop } = await startDemo(folder, ['--data', folder])
  return { demo: JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as Demo, stop }
}

const ask = (url: string, key?: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, {
    ...init,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
    },
  })

const post = (url: string, key: string, body: unknown): Promise<Response> =>
  ask(url, key, { method: 'POST', body: JSON.stringify(body) })

describe('the demo', () => {
  let running: Awaited<ReturnType<typeof openDemo>>
  beforeAll(async () => {
    running = await openDemo()
  }, START_MS)
  afterAll(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('its three commands work when pasted', () => {
    const { curl } = running.demo
    expect(curl).toHaveLength(3)
    for (const command of curl) {
      const done = Bun.spawnSync(['sh', '-c', `${command} -f`])
      expect(done.exitCode).toBe(0)
      expect(JSON.parse(done.stdout.toString())).toBeObject()
    }
  })

  test('its secrets are readable for their owner alone', () => {
    for (const name of ['demo.json', 'pepper', 'tollgate.db', 'demo.yaml']) {
      expect(statSync(join(folder, name)).mode & 0o077).toBe(0)
    }
  })

  test('a viewer looks at scenes and does not load them, an admin does', async () => {
    const { gate, keys } = running.demo
    expect((await ask(`${gate}/scenes`, keys['viewer'])).status).toBe(200)
    const load = { path: 'orbit/solar-system.json' }
    const refused = await post(`${gate}/scene`, keys['viewer']!, load)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect((await post(`${gate}/scene`, keys['admin']!, load)).status).toBe(200)
  })

  test('a scene that is not on the allow-list is refused, however its path is written', async () => {
    const { gate, keys } = running.demo
    for (const path of ['../secrets.json', 'orbit/../orbit/solar-system.json', '/etc/passwd', '']) {
      expect((await post(`${gate}/scene`, keys['admin']!, { path })).status).toBe(403)
    }
  })

  test('a position outside the world is refused by the field', async () => {
    const { gate, keys } = running.demo
    const position = { x: 1, y: 2, z: 1e6 }
    const refused = await post(`${gate}/player/position`, keys['viewer']!, {
      player: 'p1',
      position,
    })
    expect(refused.status).toBe(422)
    const { errors } = (await refused.json()) as { errors: { pointer: string }[] }
    expect(errors.map((error) => error.pointer)).toContain('#/body/position/z')
  })

  test('two tenants never see each other’s memories', async () => {
    const { gate, keys } = running.demo
    const text = `A secret of the library ${crypto.randomUUID()}`
    const kept = await post(`${gate}/api/v1/memories`, keys['library']!, { text })
    expect(kept.status).toBe(201)
    const recall = async (key: string): Promise<string[]> => {
      const url = `${gate}/api/v1/memories/recall?q=${encodeURIComponent(text)}`
      const { memories } = (await (await ask(url, key)).json()) as { memories: { text: string }[] }
      return memories.map((memory) => memory.text)
    }
    expect(await recall(keys['library']!)).toContain(text)
    expect(await recall(keys['laboratory']!)).not.toContain(text)
  })

  test('a tenant that a client claims is not believed', async () => {
    const { gate, keys } = running.demo
    const response = await fetch(`${gate}/api/v1/memories/recall?q=library`, {
      headers: {
        authorization: `Bearer ${keys['laboratory']}`,
        'X-Tollgate-Tenant': 'library',
        x_tollgate_tenant: 'library',
      },
    })
    expect(response.status).toBe(200)
    expect(await response.text()).not.toContain('A secret of the library')
  })

  test('nobody without a good key gets anything', async () => {
    const { gate, keys } = running.demo
    expect((await ask(`${gate}/scene`)).status).toBe(401)
    const almost = `${keys['admin']!.slice(0, -1)}${keys['admin']!.endsWith('a') ? 'b' : 'a'}`
    expect((await ask(`${gate}/scene`, almost)).status).toBe(401)
  })

  test(
    'started again, it goes on with the same data and keys',
    async () => {
      const { demo } = running
      await running.stop()
      running = await openDemo()
      expect(running.demo.keys).toEqual(demo.keys)
      expect(running.demo.rootKey).toBe(demo.rootKey)
      const scene = await ask(`${running.demo.gate}/scene`, running.demo.keys['viewer'])
      expect(await scene.json()).toMatchObject({ path: 'orbit/solar-system.json' })
      const tenants = await ask(`${running.demo.admin}/v1/tenants`, running.demo.rootKey)
      expect(tenants.status).toBe(200)
    },
    START_MS,
  )

  test('a taken port is named, with an exit status of its own, and nothing is left behind', async () => {
    const other = mkdtempSync(join(tmpdir(), 'tollgate-demo-'))
    const data = join(other, 'data')
    const taken = new URL(running.demo.gate).host
    const second = Bun.spawn(['node', LAUNCHER, 'demo', '--data', data, '--address', taken], {
      env: DEMO_ENVIRONMENT,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    expect(await second.exited).toBe(5)
    const said = await new Response(second.stderr).text()
    expect(said).toContain(`${taken} is already in use`)
    expect(said).toContain('--address')
    expect(() => statSync(data)).toThrow()
    rmSync(other, { recursive: true })
  })
})
