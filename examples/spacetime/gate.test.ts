import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestGate } from '../gate.fixture.ts'
import { call, startTestGate } from '../gate.fixture.ts'
import type { Running } from './server.ts'
import { start } from './server.ts'

const START_MS = 20_000
const ROLES = ['viewer', 'visitor', 'curator', 'admin'] as const
const dataFolder = mkdtempSync(join(tmpdir(), 'spacetime-gate-'))
const keys = new Map<string, string>()
let spacetime: Running
let gate: TestGate

beforeAll(async () => {
  spacetime = await start({ port: 0, hostname: '127.0.0.1', dataFolder })
  gate = await startTestGate('spacetime', { SPACETIME_URL: spacetime.url })
  for (const role of ROLES) keys.set(role, await gate.issueKey('museum', role))
}, START_MS)

afterAll(async () => {
  await gate.stop()
  await spacetime.stop()
  rmSync(dataFolder, { recursive: true })
})

type Role = (typeof ROLES)[number]

const ask = (role: Role, method: string, path: string, body?: unknown): Promise<Response> =>
  call(gate.url + path, keys.get(role) ?? '', method, body)

const dna = (): Promise<unknown> =>
  Bun.file(join(import.meta.dirname, 'scenes/science/dna.json')).json() as Promise<unknown>

describe('behind the gate', () => {
  test.each<[string, string, unknown, Record<Role, number>]>([
    ['GET', '/scene', undefined, { viewer: 200, visitor: 200, curator: 200, admin: 200 }],
    ['GET', '/scenes', undefined, { viewer: 200, visitor: 200, curator: 200, admin: 200 }],
    ['GET', '/scene/history', undefined, { viewer: 200, visitor: 200, curator: 200, admin: 200 }],
    [
      'POST',
      '/player/position',
      { position: { x: 0, y: 1, z: 4 } },
      { viewer: 403, visitor: 200, curator: 200, admin: 200 },
    ],
    [
      'POST',
      '/scene',
      { path: 'gardens/golden-angle.json' },
      { viewer: 403, visitor: 403, curator: 200, admin: 200 },
    ],
  ])('%s %s is allowed for exactly the roles that may', async (method, path, body, expected) => {
    for (const role of ROLES) {
      expect([role, (await ask(role, method, path, body)).status]).toEqual([role, expected[role]])
    }
  })

  test('a whole scene is validated: a good one as good, a bad one with its fields named', async () => {
    const good = await ask('curator', 'PUT', '/scene', await dna())
    expect(await good.json()).toMatchObject({ valid: true, findings: [] })
    const bad = await ask('curator', 'PUT', '/scene', {
      ...((await dna()) as object),
      spawn: { x: 0, y: 99_999, z: 0 },
    })
    expect(bad.status).toBe(422)
    expect(await bad.text()).toContain('#/body/spawn/y')
  })

  test('scenes that are not on the list cannot be loaded, not even by an admin', async () => {
    for (const path of ['secret.json', '../server.ts', 'science//dna.json', 'science/./dna.json']) {
      expect((await ask('admin', 'POST', '/scene', { path })).status).toBe(403)
    }
  })

  test('every scene on the list can be loaded, and the folder has no others', async () => {
    const listed = (await (await ask('viewer', 'GET', '/scenes')).json()) as {
      scenes: { path: string }[]
    }
    for (const { path } of listed.scenes) {
      expect((await ask('admin', 'POST', '/scene', { path })).status).toBe(200)
    }
    const { path } = listed.scenes.at(-1) ?? {}
    expect(await (await ask('viewer', 'GET', '/scene')).json()).toMatchObject({ path })
  })

  test.each([
    [{ position: { x: 0, y: 0, z: 1001 } }, '#/body/position/z'],
    [{ position: { x: 0, y: 0 } }, '#/body/position/z'],
    [{ position: { x: 0, y: 0, z: 0, w: 0 } }, '#/body/position/w'],
    [{ position: { x: 0, y: 0, z: 0 }, player: 'a b' }, '#/body/player'],
  ])('a move to %j is refused at %s', async (body, pointer) => {
    const response = await ask('visitor', 'POST', '/player/position', body)
    expect(response.status).toBe(422)
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors.map((error) => error.pointer)).toContain(pointer)
  })

  test('the world’s own health check cannot be reached from outside', async () => {
    const told = (await (await fetch(`${gate.url}/health`)).json()) as object
    expect(told).not.toHaveProperty('scene')
  })
})
