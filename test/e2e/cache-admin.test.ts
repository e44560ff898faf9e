import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  makeFolder,
  removeFolder,
  runTollgate,
  startGateProcess,
  until,
} from '../../src/server/gate-process.fixture.ts'
import { HEAD, playOrigin, stageGate } from './staged-gate.fixture.ts'

/** Stored responses as operators see them: purges, figures, explanations; with several processes too. */

// Several processes are started here.
setDefaultTimeout(60_000)

let times = 0
const origin = playOrigin((request) => {
  times += 1
  const headers = {
    'cache-control': new URL(request.url).searchParams.get('control') ?? 'max-age=600',
    'surrogate-key': 'things thing-1',
  }
  return new Response(`n${times}`, { headers })
})

const CONFIG = `${HEAD}
upstreams:
  app: { targets: ['${origin.url}'] }
routes:
  - id: cached
    path: /{rest...}
    methods: [GET, POST]
    credentials: [anonymous]
    upstream: app
    cache: true
`

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  value as Readonly<Record<string, unknown>>

const single = await stageGate(origin, CONFIG)

describe('one process', () => {
  const gate = single
  const text = async (path: string): Promise<string> => (await fetch(gate.url + path)).text()
  const purge = (kind: string, subject?: string) =>
    gate.json('POST', '/v1/cache/purge', { kind, ...(subject !== undefined && { subject }) })

  test('purges by URL, path, surrogate key, route and all, and leaves the rest', async () => {
    const subjects = [
      ['url', `${gate.url}/a`],
      ['path', `${gate.url}/a`],
      ['key', 'thing-1'],
      ['route', 'cached'],
      ['all', undefined],
    ] as const
    for (const [kind, subject] of subjects) {
      const before = await text('/a')
      expect(await text('/a')).toBe(before)
      await purge(kind, subject)
      expect(await text('/a')).not.toBe(before)
    }
    const other = await text('/a?x=1')
    await purge('url', `${gate.url}/a`)
    await purge('key', 'thing-2')
    await purge('tenant', 'acme')
    expect(await text('/a?x=1')).toBe(other)
    expect((await fetch(`${gate.url}/a`)).headers.has('surrogate-key')).toBe(false)
  })

  test('writes each purge into the audit log', async () => {
    const audit = await gate.call('GET', '/v1/audit?action=cache.purge&limit=100')
    const said = await audit.text()
    expect(said).toContain('key:thing-1')
  })

  test('shows what it did, in the admin API, in metrics and in /performance', async () => {
    await text('/stats')
    await text('/stats')
    await text('/none?control=private')
    const stats = await gate.json('GET', '/v1/cache')
    expect(Number(stats['hit'])).toBeGreaterThan(0)
    expect(Number(stats['entries'])).toBeGreaterThan(0)
    expect(recordOf(stats['notStored'])['private']).toBe(1)
    const metrics = await (await fetch(`${gate.admin}/metrics`)).text()
    expect(metrics).toMatch(/tollgate_cache_lookups_total\{cache="responses",result="hit"\} [1-9]/)
    expect(metrics).toMatch(/tollgate_responses_stored_bytes [1-9]/)
    const { caches } = recordOf(await (await fetch(`${gate.admin}/performance`)).json())
    expect(JSON.stringify(caches)).toContain('"cache":"responses"')
  })

  test('explains why something is answered from the store, or was not stored', async () => {
    const verdict = async (url: string): Promise<unknown> => {
      const explained = await gate.json('POST', '/v1/explain', { url: gate.url + url })
      const layers = explained['layers'] as { layer: string; rule: string; verdict: string }[]
      return layers.find(({ layer }) => layer === 'recall')
    }
    await text('/why')
    expect(await verdict('/why')).toMatchObject({
      verdict: 'answer',
      rule: expect.stringMatching(/^hit: fresh \(status 200/),
    })
    await text('/why-not?control=no-store')
    expect(await verdict('/why-not?control=no-store')).toMatchObject({
      verdict: 'pass',
      rule: 'miss: the last response was not stored (200): the response says no-store',
    })
  })
})

test('a purge by command reaches every worker process', async () => {
  const gate = await startGateProcess(makeFolder(CONFIG), ['--workers', '2'])
  try {
    // Each request on a connection of its own: the kernel picks the worker.
    const ask = async (): Promise<string> =>
      (await fetch(`${gate.url}/w`, { headers: { connection: 'close' } })).text()
    const bodies = new Set<string>()
    await until(async () => {
      bodies.add(await ask())
      return bodies.size === 2
    })
    const seen = times
    for (let again = 0; again < 20; again += 1) await ask()
    expect(times).toBe(seen)
    const explained = await gate.json('POST', '/v1/explain', { url: `${gate.url}/w` })
    expect(explained['process']).toMatch(/^worker-[12]$/)
    expect(JSON.stringify(explained['layers'])).toContain('hit: fresh (status 200')
    const purge = await gate.call('POST', '/v1/cache/purge', { kind: 'key', subject: 'things' })
    expect(purge.status).toBe(200)
    const later = new Set<string>()
    await until(async () => {
      const body = await ask()
      if (!bodies.has(body)) later.add(body)
      return later.size === 2
    })
    const stats = await gate.json('GET', '/v1/cache')
    expect(Number(stats['hit'])).toBeGreaterThanOrEqual(20)
  } finally {
    await gate.stop()
    removeFolder(gate.folder)
  }
})

test('the command line purges exactly one thing at a time', async () => {
  const gate = await startGateProcess(makeFolder(CONFIG))
  try {
    const [root = ''] = /tollgate_root_\w{43}/.exec(gate.said()) ?? []
    writeFileSync(join(gate.folder, 'root.txt'), root)
    const tollgate = (...args: string[]) =>
      runTollgate(gate.folder, [
        'cache',
        ...args,
        '--admin',
        gate.admin,
        '--root-key-file',
        'root.txt',
      ])
    const ask = async (): Promise<string> => (await fetch(`${gate.url}/c`)).text()
    const before = await ask()
    const wrong = tollgate('purge', '--url', `${gate.url}/c`, '--all')
    expect(await wrong.exited).toBe(2)
    expect(wrong.said()).toContain('name one of')
    expect(await ask()).toBe(before)
    expect(await tollgate('purge', '--url', `${gate.url}/c`).exited).toBe(0)
    expect(await ask()).not.toBe(before)
    expect(await tollgate('stats').exited).toBe(0)
    expect(await tollgate('explain', 'GET', `${gate.url}/c`).exited).toBe(0)
  } finally {
    await gate.stop()
    removeFolder(gate.folder)
  }
})
