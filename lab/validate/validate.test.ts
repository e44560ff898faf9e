import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabError } from '../core/index.ts'
import type { ExperimentRecord, Figure, Progress, Verdict } from '../core/index.ts'
import { readPlan, validate } from './index.ts'

const SILENT: Progress = { step: () => undefined, note: () => undefined, live: () => undefined }

const p99: Figure = { name: 'p99', label: 'p99', unit: 'milliseconds', value: 42 }

function ran(verdict: Verdict = 'pass'): ExperimentRecord {
  return {
    kind: 'load',
    title: 'Load',
    options: {},
    raw: {},
    outcome: {
      judgement: { verdict, reason: 'as seen' },
      figures: [p99],
      exhibits: [],
      notes: [],
      trust: {},
    },
    seed: 1,
    startedAt: '2026-11-21T00:00:00.000Z',
    durationMs: 1,
    trust: {
      grade: 'quiet',
      foreignCores: 0,
      cpuPressure: 0,
      lagP99Ms: 0,
      generatorCores: 0,
      floor: null,
      discarded: [],
      warnings: [],
    },
    command: 'tollgate lab load',
  }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-validate-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function check(text: string, run: (argv: readonly string[]) => Promise<ExperimentRecord>) {
  const { signal } = new AbortController()
  return validate(readPlan(text, 'plan.yaml'), { run, folder, progress: SILENT, signal })
}

const CLAIM = (expected: string) => `
title: t
experiments: { load: { run: load } }
claims: [{ id: a, text: fast, of: load, expect: '${expected}' }]
`

describe('claims', () => {
  test('are held against the figures of their experiment', async () => {
    const { claims, experiments } = await check(CLAIM('p99 < 50ms'), () => Promise.resolve(ran()))
    expect(experiments).toHaveLength(1)
    expect(claims[0]).toMatchObject({ status: 'pass', measured: '42 ms', evidence: [0] })
  })

  test('say of which figure they speak where there are several', async () => {
    const text = CLAIM('').replace("expect: ''", "expect: ['p99 < 50ms', 'p99 > 1ms']")
    const { claims } = await check(text, () => Promise.resolve(ran()))
    expect(claims[0]).toMatchObject({ status: 'pass', measured: 'p99 42 ms; p99 42 ms' })
  })

  test('two experiments of a kind are told apart by the names that the plan gives them', async () => {
    const text = 'title: t\nexperiments: { low: { run: load }, high: { run: load } }\nclaims: []\n'
    const { experiments } = await check(text, () => Promise.resolve(ran()))
    expect(experiments.map(({ title }) => title)).toEqual(['Load: low', 'Load: high'])
  })

  test('without evidence they are unknown, never passed', async () => {
    const broken = await check(CLAIM('p99 < 50ms'), () => Promise.reject(new LabError('no server')))
    expect(broken.claims[0]).toMatchObject({ status: 'unknown', evidence: [] })
    expect(broken.claims[0]?.reason).toContain('no server')
    const missing = await check(CLAIM('p95 < 50ms'), () => Promise.resolve(ran()))
    expect(missing.claims[0]?.status).toBe('unknown')
    expect(missing.claims[0]?.reason).toContain('there are: p99')
  })

  test('an experiment that found nothing certain decides neither way', async () => {
    for (const budget of ['50ms', '30ms']) {
      const run = () => Promise.resolve(ran('inconclusive'))
      const { claims } = await check(CLAIM(`p99 < ${budget}`), run)
      expect(claims[0]).toMatchObject({ status: 'inconclusive', reason: 'as seen' })
    }
  })
})

describe('the checklist', () => {
  let server: ReturnType<typeof Bun.serve>
  beforeAll(() => {
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) =>
        new URL(request.url).pathname === '/metrics'
          ? new Response('tollgate_requests_total 1')
          : Response.json({ pool: { 'max/a': 8 } }),
    })
  })
  afterAll(() => server.stop(true))

  async function statusOf(item: string) {
    const text = `title: t\nchecklist:\n  - { id: a, text: a, ${item} }\n`
    const { claims } = await check(text, () => Promise.reject(new LabError('none')))
    return claims[0]!
  }

  test('an item without a check is unknown', async () => {
    expect((await statusOf('timeoutMs: 1')).status).toBe('unknown')
  })

  test('HTTP: status, text and JSON pointers are looked at', async () => {
    const at = (path: string, more = '') =>
      statusOf(`http: { url: 'http://127.0.0.1:${server.port}${path}'${more} }`)
    expect((await at('/metrics', ', contains: tollgate_')).status).toBe('pass')
    expect((await at('/metrics', ', contains: other_')).status).toBe('fail')
    expect((await at('/metrics', ', status: 404')).status).toBe('fail')
    expect((await at('/x', ", pointer: '/pool/max~1a'")).measured).toBe('/pool/max~1a = 8')
    expect((await at('/x', ", pointer: '/pool/min'")).status).toBe('fail')
    expect((await statusOf("http: { url: 'http://127.0.0.1:1/' }")).status).toBe('fail')
  })

  test('files and programs', async () => {
    const path = join(folder, 'rotate')
    await writeFile(path, 'daily\nrotate 7\n')
    expect((await statusOf(`file: { path: '${path}', contains: rotate }`)).status).toBe('pass')
    expect((await statusOf(`file: { path: '${path}', contains: weekly }`)).status).toBe('fail')
    expect((await statusOf(`file: { path: '${path}.gone' }`)).status).toBe('fail')
    expect((await statusOf('command: [sh, -c, echo restored]')).measured).toBe('restored')
    expect((await statusOf('command: [sh, -c, exit 3]')).reason).toBe('it exited with 3')
    expect((await statusOf('command: [no-such-program-here]')).status).toBe('fail')
    const slow = await statusOf('command: [sleep, 60], timeoutMs: 50')
    expect(slow.reason).toBe('it took too long')
  })

  /** A server that takes two seconds for `/slow`, and on SIGTERM does as it is told. */
  async function serverThat(onSignal: string): Promise<string> {
    const path = join(folder, `${crypto.randomUUID()}.ts`)
    const probe = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    const { port } = probe
    await probe.stop(true)
    await writeFile(
      path,
      `const server = Bun.serve({ hostname: '127.0.0.1', port: ${port}, fetch: async (request) => {
        if (request.url.endsWith('/slow')) await Bun.sleep(2000)
        return new Response('done')
      } })
      process.on('SIGTERM', async () => { ${onSignal} })`,
    )
    const url = `http://127.0.0.1:${port}`
    return `shutdown: { command: ['${process.execPath}', '${path}'], ready: '${url}/', slow: '${url}/slow', deadlineMs: 8000 }, timeoutMs: 20000`
  }

  test('a graceful shutdown answers what is in flight and ends with 0; others are told apart', async () => {
    const graceful = await statusOf(await serverThat('await server.stop(); process.exit(0)'))
    expect(graceful).toMatchObject({ status: 'pass', reason: 'nothing was lost' })
    const abrupt = await statusOf(await serverThat('process.exit(0)'))
    expect(abrupt).toMatchObject({ status: 'fail', measured: 'request lost' })
    const deaf = await statusOf(await serverThat(''))
    expect(deaf).toMatchObject({ status: 'fail', reason: 'it did not end by itself' })
  }, 60_000)
})

describe('services', () => {
  /** A server on a port that was free a moment ago, and a plan with it. */
  async function planWith(
    source: string,
  ): Promise<{ readonly url: string; readonly text: string }> {
    const probe = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    const { port } = probe
    const url = `http://127.0.0.1:${port}/`
    await probe.stop(true)
    await writeFile(join(folder, 'service.ts'), source.replace('PORT', String(port)))
    const service = `{ command: ['${process.execPath}', service.ts], ready: '${url}', timeoutMs: 20000 }`
    const text = `title: t\nservices: { one: ${service} }\nchecklist: [{ id: a, text: a, http: { url: '${url}' } }]\n`
    return { url, text }
  }
  const none = () => Promise.reject(new LabError('none'))

  test('are up while the plan runs, and gone afterwards', async () => {
    const source = `Bun.serve({ hostname: '127.0.0.1', port: PORT, fetch: () => new Response('') })`
    const { url, text } = await planWith(source)
    expect((await check(text, none)).claims[0]?.status).toBe('pass')
    expect(await fetch(url).catch(() => 'gone')).toBe('gone')
  }, 30_000)

  test('get what their environment says', async () => {
    const source = `Bun.serve({ hostname: '127.0.0.1', port: PORT, fetch: () => new Response(process.env['SAID']) })`
    const { text, url } = await planWith(source)
    const plan = text
      .replace('timeoutMs: 20000', "timeoutMs: 20000, environment: { SAID: 'so it is' }")
      .replace(`{ url: '${url}' }`, `{ url: '${url}', contains: so it is }`)
    expect((await check(plan, none)).claims[0]?.status).toBe('pass')
  }, 30_000)

  test('one that does not start ends the plan, with what it said', async () => {
    const { text } = await planWith(`console.error('no database'); process.exit(1)`)
    expect(await check(text, none).catch(String)).toMatch(
      /service one did not get ready at .*: no database/,
    )
  }, 30_000)
})
