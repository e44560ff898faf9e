import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anonymousCaller, newCaller } from '../../core/caller.ts'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { policiesConfig } from '../decider/config.ts'
import { createDeciders } from '../decider/deciders.ts'
import type { RequestFacts } from '../decider/facts.ts'
import type { DecidersKeep } from '../decider/keep.ts'
import { closeKeep } from '../decider/keep.ts'

let folder: string
const keeps: DecidersKeep[] = []
const servers: { stop(close: boolean): Promise<void> }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-decisions-'))
})
afterEach(async () => {
  await Promise.all(keeps.splice(0).map(closeKeep))
  await Promise.all(servers.splice(0).map(async (server) => server.stop(true)))
  rmSync(folder, { recursive: true })
})

const POLICY = `package app

allow if {
	input.request.method == "POST"
	input.request.body.amount < 100
	input.request.headers["x-team"] == "red"
}

conflict := true if input.tenant

conflict := false if input.tenant
`

interface Logged {
  readonly decision_id: string
  readonly input?: { request: { body?: Record<string, unknown>; headers?: object } }
  readonly result?: unknown
  readonly erased?: string[]
  readonly masked?: string[]
  readonly [member: string]: unknown
}

function make(decisionLog: object, more: { rules?: string; policy?: object } = {}) {
  const path = join(folder, 'app.rego')
  writeFileSync(path, POLICY)
  const paths = [path]
  if (more.rules !== undefined) {
    paths.push(join(folder, 'log.rego'))
    writeFileSync(join(folder, 'log.rego'), `package system.log\n\n${more.rules}\n`)
  }
  const keep: DecidersKeep = {}
  keeps.push(keep)
  const losses: { lost: number; failure: string | undefined }[] = []
  const config = policiesConfig.parse({
    decisionLog,
    p: { entry: 'data.app.allow', paths, headers: ['x-team'], ...more.policy },
  })
  const { deciders, problems } = createDeciders(config, {
    clock: systemClock,
    random: systemRandom,
    keep,
    folder,
    onFailure: () => undefined,
    onChange: () => undefined,
    onLoaded: () => undefined,
    onRefused: () => undefined,
    onLoss: (lost, failure) => losses.push({ lost, failure }),
  })
  expect(problems).toEqual([])
  deciders.start()
  const decide = (body: unknown = { amount: 5, card: '4111' }) =>
    deciders.get('p')?.decide(factsOf(body), false)
  return { deciders, decide, losses, finish: async () => closeKeep(keep) }
}

const factsOf = (body: unknown): RequestFacts => ({
  caller: newCaller({ ...anonymousCaller, kind: 'key', id: 'key_1', tenantId: 'acme' }),
  method: 'POST',
  path: '/pay',
  query: '',
  request: { headers: new Headers({ 'x-team': 'red', authorization: 'Bearer hush' }) },
  parameters: undefined,
  body,
  address: '192.0.2.1',
  nowMs: 1_767_225_600_000,
  requestId: 'req_7',
  route: { id: 'pay' },
})

const linesOf = (name = 'decisions.ndjson'): Logged[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Logged)

describe('in a file', () => {
  test('each decision is a line that says what was asked, answered, by whom and when', async () => {
    const { decide, finish } = make({ file: {}, labels: { region: 'eu' } })
    decide()
    decide({ amount: 500 })
    await finish()
    const [first, second] = linesOf()
    expect(first).toMatchObject({
      decision_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      timestamp: '2026-01-01T00:00:00.000Z',
      path: 'app/allow',
      bundles: { p: { revision: expect.any(String) } },
      input: { request: { method: 'POST', body: { amount: 5 }, headers: { 'x-team': 'red' } } },
      result: true,
      requested_by: '192.0.2.1',
      metrics: { timer_rego_query_eval_ns: expect.any(Number) },
      custom: {
        policy: 'p',
        route: 'pay',
        request_id: 'req_7',
        tenant: 'acme',
        caller: { kind: 'key', id: 'key_1' },
      },
      labels: { region: 'eu' },
    })
    expect(JSON.stringify(first)).not.toContain('hush')
    expect(second).toMatchObject({ error: { message: 'undefined' } })
    expect(second).not.toHaveProperty('result')
    expect(second?.decision_id).not.toBe(first?.decision_id)
  })

  test('remembered verdicts are logged like others, explanations are not', async () => {
    const { decide, deciders, finish } = make({ file: {} }, { policy: { verdicts: 10 } })
    decide()
    decide()
    deciders.get('p')?.decide(factsOf({ amount: 5 }), true)
    await finish()
    expect(linesOf().map(({ result }) => result)).toEqual([true, true])
  })

  test('the owner alone may read it', async () => {
    const { decide, finish } = make({ file: {} })
    decide()
    await finish()
    expect(statSync(join(folder, 'decisions.ndjson')).mode & 0o777).toBe(0o600)
  })

  test('a full file is put aside, and the oldest goes', async () => {
    const { decide, finish } = make({ file: { sizeMax: '1KiB', keep: 2 } })
    for (let count = 0; count < 12; count += 1) decide({ amount: count })
    await finish()
    const files = readdirSync(folder).filter((name) => name.startsWith('decisions'))
    expect(files.toSorted()).toEqual([
      'decisions.ndjson',
      'decisions.ndjson.1',
      'decisions.ndjson.2',
    ])
    expect(linesOf().at(-1)?.input?.request.body).toMatchObject({ amount: 11 })
    for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThan(1200)
  })

  test('a file that cannot be written loses decisions, and says so; requests go on', async () => {
    writeFileSync(join(folder, 'not-a-folder'), '')
    const { decide, deciders, losses, finish } = make({ file: { path: 'not-a-folder/x.ndjson' } })
    expect(decide()?.allowed).toBe(true)
    await finish()
    expect(deciders.log()).toBeUndefined()
    expect(losses).toMatchObject([{ lost: 1, failure: expect.stringMatching(/EEXIST|ENOTDIR/) }])
  })
})

describe('masking', () => {
  test('pointers of the configuration are taken out', async () => {
    const mask = ['/input/request/body/card', '/input/request/headers', '/input/nothing']
    const { decide, finish } = make(
      { file: {}, mask },
      { rules: 'x := input.request.body', policy: { entry: 'data.system.log.x' } },
    )
    decide()
    await finish()
    const [line] = linesOf()
    expect(line?.input).toEqual({ caller: {}, request: { body: { amount: 5 } } } as never)
    expect(line?.erased).toEqual(['/input/request/body/card'])
  })

  test('the policy says what is masked: pointers, removals and other values', async () => {
    const rules = `mask contains "/input/request/headers"

mask contains {"op": "upsert", "path": "/input/request/body/amount", "value": "many"} if {
	input.input.request.body.amount > 50
}

mask contains {"op": "remove", "path": "/result"} if input.result == true
`
    const { decide, finish } = make({ file: {} }, { rules })
    decide({ amount: 60 })
    decide({ amount: 5 })
    await finish()
    const [dear, cheap] = linesOf()
    expect(dear?.input?.request).toMatchObject({ body: { amount: 'many' } })
    expect(dear?.input?.request).not.toHaveProperty('headers')
    expect(dear?.erased?.toSorted()).toEqual(['/input/request/headers', '/result'])
    expect(dear?.masked).toEqual(['/input/request/body/amount'])
    expect(cheap?.input?.request).toMatchObject({ body: { amount: 5 } })
  })

  test('the policy says what is not logged at all', async () => {
    const rules = 'drop if input.input.request.body.amount < 10'
    const { decide, deciders, finish } = make({ file: {} }, { rules })
    decide({ amount: 5 })
    decide({ amount: 50 })
    const status = (): unknown => deciders.log()
    while (!JSON.stringify(status()).includes('"waiting":0')) await Bun.sleep(1)
    expect(status()).toMatchObject({ written: 1, left: 1, lost: 0 })
    await finish()
    expect(linesOf()).toHaveLength(1)
  })

  test('what cannot be masked is not logged: neither input nor result', async () => {
    const rules = 'mask contains "/nonsense"'
    const { decide, finish } = make({ file: {} }, { rules })
    decide()
    await finish()
    const [line] = linesOf()
    expect(line).not.toHaveProperty('input')
    expect(line).not.toHaveProperty('result')
    expect(line?.['error']).toMatchObject({ message: expect.stringContaining('masking failed') })
  })

  test('the input is left out when that is asked for', async () => {
    const { decide, finish } = make({ file: {}, input: false })
    decide()
    await finish()
    expect(linesOf()[0]).not.toHaveProperty('input')
  })
})

describe('sent to a server', () => {
  function logServer() {
    const batches: { authorization: string | null; lines: Logged[] }[] = []
    const state = { status: 200 }
    let told: (() => void)[] = []
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch(request) {
        const text = new TextDecoder().decode(Bun.gunzipSync(await request.bytes()))
        const { headers } = request
        if (state.status === 200) {
          const lines = JSON.parse(text) as Logged[]
          batches.push({ authorization: headers.get('authorization'), lines })
        }
        for (const tell of told.splice(0)) tell()
        told = []
        return new Response(null, { status: state.status })
      },
    })
    servers.push(server)
    const next = async (): Promise<void> => new Promise((resolve) => void told.push(resolve))
    return { url: `http://127.0.0.1:${server.port}/logs`, batches, state, next }
  }
  const fast = { minDelay: '1ms', maxDelay: '5ms' }

  test('in packed batches of a size, with credentials', async () => {
    const { url, batches } = logServer()
    const upload = { url, token: 'hush', ...fast, batchMax: '1KiB' }
    const { decide, finish } = make({ upload })
    for (let count = 0; count < 6; count += 1) decide({ amount: count })
    await finish()
    expect(batches.every(({ authorization }) => authorization === 'Bearer hush')).toBe(true)
    expect(batches.length).toBeGreaterThan(1)
    const amounts = batches.flatMap(({ lines }) =>
      lines.map(({ input }) => input?.request.body?.['amount']),
    )
    expect(amounts).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('what a server refuses is sent again, in order', async () => {
    const { url, batches, state, next } = logServer()
    state.status = 503
    const { decide, deciders, finish } = make({ upload: { url, ...fast } })
    decide({ amount: 1 })
    await next()
    await next()
    expect(deciders.log()?.failure).toContain('answered 503')
    decide({ amount: 2 })
    state.status = 200
    await finish()
    const lines = batches.flatMap((batch) => batch.lines)
    expect(lines.map(({ input }) => input?.request.body?.['amount'])).toEqual([1, 2])
  })

  test('what waits is bounded: the oldest go, and are counted', async () => {
    const { url, batches, state, next } = logServer()
    state.status = 500
    const upload = { url, ...fast, batchMax: '1KiB', bufferMax: '2KiB' }
    const { decide, deciders, losses, finish } = make({ upload })
    for (let count = 0; count < 20; count += 1) decide({ amount: count })
    await next()
    const lost = deciders.log()?.lost ?? 0
    expect(lost).toBeGreaterThan(10)
    expect(losses[0]?.lost).toBeGreaterThan(0)
    state.status = 200
    await finish()
    const lines = batches.flatMap((batch) => batch.lines)
    expect(lines.at(-1)?.input?.request.body?.['amount']).toBe(19)
    expect(lines.length + lost).toBe(20)
  })
})

test('a flood is bounded before it is masked: decisions are counted, not awaited', async () => {
  const { decide, deciders, finish } = make({ file: {} })
  for (let count = 0; count < 5000; count += 1) decide()
  expect(deciders.log()).toMatchObject({ waiting: 4096, lost: 904 })
  await finish()
  expect(linesOf()).toHaveLength(4096)
})

test('another configuration takes the log over without losing a decision', async () => {
  const { decide, deciders } = make({ file: {} })
  decide()
  const keep = keeps.at(-1) ?? {}
  const before = keep.log
  await deciders.close()
  deciders.start()
  expect(keep.log).toBe(before)
  decide()
  await closeKeep(keep)
  await deciders.close()
  expect(linesOf()).toHaveLength(2)
})
