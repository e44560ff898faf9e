import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAlone } from '../alone.fixture.ts'
import type { Running } from './server.ts'
import { start } from './server.ts'

const dataFolder = mkdtempSync(join(tmpdir(), 'spacetime-'))
let running: Running

const open = (): Promise<Running> => start({ port: 0, hostname: '127.0.0.1', dataFolder })
beforeAll(async () => {
  running = await open()
})
afterAll(async () => {
  await running.stop()
  rmSync(dataFolder, { recursive: true })
})

const get = (path: string): Promise<Response> => fetch(running.url + path)
const send = (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(running.url + path, {
    method,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
const json = async (response: Promise<Response>): Promise<Record<string, unknown>> =>
  (await (await response).json()) as Record<string, unknown>

test('health says which scene is current', async () => {
  expect(await json(get('/health'))).toMatchObject({ status: 'ok', scene: 'Golden-angle garden' })
})

test('the folder is scanned, every file in it is a scene, and metadata is that of the file', async () => {
  const { scenes, broken } = (await json(get('/scenes'))) as {
    scenes: { path: string; objects: number; zones: number; bytes: number; sha256: string }[]
    broken: string[]
  }
  expect(broken).toEqual([])
  expect(scenes.length).toBeGreaterThanOrEqual(6)
  for (const scene of scenes) {
    const content = await Bun.file(join(import.meta.dirname, 'scenes', scene.path)).bytes()
    expect(scene.sha256).toBe(new Bun.CryptoHasher('sha256').update(content).digest('hex'))
    expect(scene.bytes).toBe(content.byteLength)
    expect(scene.zones).toBeGreaterThan(1)
    expect(scene.objects).toBeGreaterThan(5)
  }
  const tagged = (await json(get('/scenes?tag=teaching'))) as { scenes: { path: string }[] }
  expect(tagged.scenes.map(({ path }) => path)).toEqual([
    'orbit/solar-system.json',
    'science/dna.json',
  ])
})

test('the pages of a listing together hold each scene exactly once', async () => {
  const { scenes: all, total } = await json(get('/scenes'))
  const paged: unknown[] = []
  let after = ''
  do {
    const page = await json(get(`/scenes?limit=4${after}`))
    paged.push(...(page['scenes'] as unknown[]))
    const next = page['next'] as string | undefined
    after = next === undefined ? '' : `&after=${encodeURIComponent(next)}`
  } while (after !== '')
  expect(paged).toEqual(all as unknown[])
  expect(total).toBe(paged.length)
})

describe('loading a scene', () => {
  test('makes it the current one and records it in the history, with the caller', async () => {
    const path = 'history/stonehenge.json'
    const loaded = await send('POST', '/scene', { path }, { 'x-tollgate-caller': 'key_1' })
    expect(loaded.status).toBe(200)
    expect(await json(get('/scene'))).toMatchObject({ path, by: 'key_1' })
    const { history } = (await json(get('/scene/history?limit=1'))) as { history: unknown[] }
    expect(history).toEqual([{ path, by: 'key_1', at: expect.any(String) }])
  })

  test.each(['../package.json', 'scenes/x.json', '/etc/passwd', 'gardens', 'gardens/../server.ts'])(
    'of %j is refused',
    async (path) => {
      expect((await send('POST', '/scene', { path })).status).toBe(404)
    },
  )
})

describe('validating a scene', () => {
  test('accepts a real one', async () => {
    const scene = await Bun.file(join(import.meta.dirname, 'scenes/science/dna.json')).text()
    expect(await json(send('PUT', '/scene', scene))).toEqual({
      valid: true,
      title: 'Inside the double helix',
      objects: 84,
      zones: 2,
      findings: [],
    })
    expect(await json(get('/scene'))).not.toMatchObject({ path: 'science/dna.json' })
  })

  test('lists what looks unintended in a valid one', async () => {
    const at = { x: 1, y: 1, z: 1 }
    const bounds = { min: { x: -9, y: -9, z: -9 }, max: { x: 9, y: 9, z: 9 } }
    const answer = await json(
      send('PUT', '/scene', {
        title: 'Odd',
        description: '',
        author: 'A test',
        tags: ['odd'],
        bounds,
        spawn: at,
        gravity: 100,
        zones: [{ id: 'nowhere', label: 'Nowhere', bounds: { min: bounds.min, max: bounds.min } }],
        objects: ['one', 'two'].map((id) => ({ id, kind: 'cube', position: at, size: at })),
      }),
    )
    const findings = answer['findings'] as { pointer: string }[]
    expect(findings.map(({ pointer }) => pointer)).toEqual([
      '/gravity',
      '/description',
      '/objects/0',
      '/objects/1',
      '/objects/1',
      '/zones/0',
    ])
  })

  test('names each field that is wrong', async () => {
    const scene = (await Bun.file(
      join(import.meta.dirname, 'scenes/gardens/golden-angle.json'),
    ).json()) as { objects: { position: unknown }[]; spawn: unknown }
    scene.spawn = { x: 0, y: 99, z: 0 }
    scene.objects[3]!.position = { x: 1, y: 2 }
    const response = await send('PUT', '/scene', scene)
    expect(response.status).toBe(422)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer)).toContain('/objects/3/position/z')
  })
})

describe('moving a player', () => {
  test('within the world answers with the nearest object and the zones', async () => {
    await send('POST', '/scene', { path: 'gardens/golden-angle.json' })
    const move = { player: 'ada', position: { x: 0, y: 1, z: -24 } }
    expect(await json(send('POST', '/player/position', move))).toMatchObject({
      ...move,
      nearest: { id: 'bench', kind: 'seat', distance: 0.55 },
      zones: [{ id: 'viewpoint', label: 'The bench' }],
    })
    expect(await json(get('/player/position?player=ada'))).toMatchObject(move)
    const away = { position: { x: 39, y: 19, z: 39 } }
    expect(await json(send('POST', '/player/position', away))).toMatchObject({
      player: 'me',
      zones: [],
    })
  })

  test('reaches only the caller’s own players', async () => {
    const by = { 'x-tollgate-caller': 'key_2' }
    const move = { player: 'ada', position: { x: 5, y: 5, z: 5 } }
    expect((await fetch(`${running.url}/player/position?player=ada`, { headers: by })).status).toBe(
      404,
    )
    expect((await send('POST', '/player/position', move, by)).status).toBe(200)
    expect(await json(get('/player/position?player=ada'))).toMatchObject({
      position: { x: 0, y: 1, z: -24 },
    })
  })

  test.each([
    [{ x: 0, y: 21, z: 0 }, 422],
    [{ x: 0, y: 0, z: '0' }, 422],
    [{ x: 0, y: 0 }, 422],
    [{ x: 0, y: 0, z: 0, w: 1 }, 422],
  ])('to %j is refused', async (position, status) => {
    const response = await send('POST', '/player/position', { player: 'ada', position })
    expect(response.status).toBe(status)
  })
})

test.each([
  ['GET', '/nothing', 404],
  ['DELETE', '/scene', 405],
  ['GET', '/constructor', 404],
  ['GET', '/scene/history?limit=-1', 400],
  ['GET', '/scene/history?limit=1&limit=2', 400],
  ['GET', '/scenes?limit=1000', 400],
  ['GET', '/scenes?__proto__=1', 400],
])('%s %s is refused with status %d', async (method, path, status) => {
  const response = await fetch(running.url + path, { method })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ status })
})

test('bodies that are not JSON are refused', async () => {
  expect((await send('POST', '/scene', '{')).status).toBe(400)
  const text = { 'content-type': 'text/plain' }
  expect((await send('POST', '/scene', '{}', text)).status).toBe(415)
  expect((await send('POST', '/scene', 'x'.repeat(20_000))).status).toBe(413)
})

test('after a restart, it continues with the same scene, history and players', async () => {
  await send('POST', '/scene', { path: 'science/dna.json' })
  const before = await json(get('/scene/history'))
  await running.stop()
  running = await open()
  expect(await json(get('/scene'))).toMatchObject({ path: 'science/dna.json' })
  expect(await json(get('/scene/history'))).toEqual(before)
  expect((await get('/player/position?player=ada')).status).toBe(200)
  await send('POST', '/scene', { path: 'orbit/ring-station.json' })
  await running.stop()
  running = await open()
  expect(await json(get('/scene'))).toMatchObject({ path: 'orbit/ring-station.json' })
})

test('acknowledged changes survive the death of the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spacetime-killed-'))
  const alone = await startAlone('spacetime', folder)
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(alone.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const position = { x: 12, y: 3, z: 4 }
  expect((await post('/scene', { path: 'history/stonehenge.json' })).status).toBe(200)
  expect((await post('/player/position', { position })).status).toBe(200)
  await alone.kill()
  const again = await start({ port: 0, hostname: '127.0.0.1', dataFolder: folder })
  const ask = (path: string): Promise<Response> => fetch(again.url + path)
  expect(await json(ask('/scene'))).toMatchObject({ path: 'history/stonehenge.json' })
  expect(await json(ask('/player/position'))).toMatchObject({ position })
  await again.stop()
  rmSync(folder, { recursive: true })
})
