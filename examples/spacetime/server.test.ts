import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('health says which scene is open', async () => {
  expect(await json(get('/health'))).toMatchObject({ status: 'ok', scene: 'Golden-angle garden' })
})

test('the folder is scanned, every file in it is a scene, and metadata is that of the file', async () => {
  const { scenes, broken } = (await json(get('/scenes'))) as {
    scenes: { path: string; objects: number; bytes: number; sha256: string }[]
    broken: string[]
  }
  expect(broken).toEqual([])
  expect(scenes.length).toBeGreaterThanOrEqual(6)
  for (const scene of scenes) {
    expect(scene.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(scene.bytes).toBe(Bun.file(join(import.meta.dirname, 'scenes', scene.path)).size)
    expect(scene.objects).toBeGreaterThan(5)
  }
  const tagged = (await json(get('/scenes?tag=teaching'))) as { scenes: { path: string }[] }
  expect(tagged.scenes.map(({ path }) => path)).toEqual([
    'orbit/solar-system.json',
    'science/dna.json',
  ])
})

describe('loading a scene', () => {
  test('makes it the current one and goes into the history, with who did it', async () => {
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
    expect(await json(send('PUT', '/scene', scene))).toMatchObject({ valid: true, objects: 84 })
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
  test('within the world tells what is near', async () => {
    await send('POST', '/scene', { path: 'gardens/golden-angle.json' })
    const move = { player: 'ada', position: { x: 0, y: 1, z: -24 } }
    expect(await json(send('POST', '/player/position', move))).toMatchObject({
      ...move,
      nearest: { id: 'bench' },
    })
    expect(await json(get('/player/position?player=ada'))).toMatchObject(move)
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
])('%s %s is a problem with status %d', async (method, path, status) => {
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

test('started again, it goes on with the same scene, history and players, past a torn line', async () => {
  await send('POST', '/scene', { path: 'science/dna.json' })
  const before = await json(get('/scene/history'))
  await running.stop()
  appendFileSync(join(dataFolder, 'history.ndjson'), '{"path":"torn')
  running = await open()
  expect(await json(get('/scene'))).toMatchObject({ path: 'science/dna.json' })
  expect(await json(get('/scene/history'))).toEqual(before)
  expect((await get('/player/position?player=ada')).status).toBe(200)
  await send('POST', '/scene', { path: 'orbit/ring-station.json' })
  await running.stop()
  running = await open()
  expect(await json(get('/scene'))).toMatchObject({ path: 'orbit/ring-station.json' })
})
