import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabError, createRandom } from '../core/index.ts'
import { createAliasTable } from './alias-table.ts'
import { defineScenario } from './define.ts'
import { openScenario } from './open.ts'
import { createPicker } from './pick.ts'
import { resolveScenario } from './resolve.ts'
import type { SetupContext } from './spec.ts'
import { parseTemplate } from './template.ts'
import { drawThinkTime, meanThinkTime } from './think-time.ts'

const folder = await mkdtemp(join(tmpdir(), 'tollgate-lab-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const context: SetupContext = {
  target: 'http://127.0.0.1:1',
  environment: {},
  random: createRandom(1),
  readJson: async () => ({ key: 'k' }),
}

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('a scenario', () => {
  test('becomes data: setup has run, feeds are made, flows point to requests', async () => {
    const scenario = defineScenario({
      name: 'both',
      setup: async ({ readJson }) => (await readJson('x')) as { key: string },
      feeds: { item: { rows: ({ setup }) => [{ id: 1, setup }] } },
      requests: {
        login: { method: 'POST', path: '/login', capture: { token: '/token' }, weight: 0 },
        show: { path: '/items/{{item.id}}', headers: { 'x-key': '{{setup.key}}' } },
        mine: { path: '/mine', headers: { authorization: 'Bearer {{token}}' }, weight: 0 },
      },
      flows: { visit: { weight: 2, steps: ['login', 'mine'] } },
    })
    const data = await resolveScenario(scenario, context)
    expect(data.flows).toEqual([
      { name: 'show', weight: 1, steps: [{ request: 1 }] },
      { name: 'visit', weight: 2, steps: [{ request: 0 }, { request: 2 }] },
    ])
    expect(data.feeds['item']?.rows).toEqual([{ id: 1, setup: { key: 'k' } }])
    expect(data.requests[0]?.checks.status).toEqual(['2xx', '3xx'])
    expect(JSON.parse(JSON.stringify(data))).toEqual(data)
  })

  test('mistakes are named by their place', () => {
    const wrong = () =>
      defineScenario({ name: 'x', requests: { a: { path: 'no-slash', checks: { status: 99 } } } })
    expect(wrong).toThrow(LabError)
    expect(wrong).toThrow(/requests\.a\.path/)
    const missing = { name: 'x', requests: { a: { path: '/' } }, flows: { f: { steps: ['b'] } } }
    expect(() => defineScenario(missing)).toThrow('flow "f" uses request "b", which is not there')
  })

  test('a place that can never have a value is refused before anything is sent', async () => {
    const scenario = defineScenario({ name: 'x', requests: { a: { path: '/{{nobody.id}}' } } })
    expect(resolveScenario(scenario, context)).rejects.toThrow('{{nobody}}')
  })

  test('a failing setup says that it was the setup', async () => {
    const setup = () => Promise.reject(new Error('no keys here'))
    const scenario = defineScenario({ name: 'x', setup, requests: { a: { path: '/' } } })
    expect(resolveScenario(scenario, context)).rejects.toThrow('setup failed: no keys here')
  })
})

describe('templates', () => {
  const scope = { a: { text: 'x "y" /z', n: 7 }, t: 'line\r\nbreak' }

  test('values are encoded for where they stand', () => {
    const render = (text: string, encoding: Parameters<typeof parseTemplate>[1]) =>
      parseTemplate(text, encoding).render(scope)
    expect(render('/i/{{a.text}}?n={{ a.n }}', 'path')).toBe('/i/x%20%22y%22%20%2Fz?n=7')
    expect(JSON.parse(render('{"n":"{{a.n}}","s":"is {{a.text}}","all":"{{a}}"}', 'json'))).toEqual(
      {
        n: 7,
        s: 'is x "y" /z',
        all: scope.a,
      },
    )
    expect(() => render('{{t}}', 'header')).toThrow('line break')
    expect(() => render('{{a.gone}}', 'text')).toThrow('{{a.gone}} has no value')
    expect(() => render('{{a.constructor}}', 'text')).toThrow(LabError)
  })
})

describe('drawing', () => {
  test('an alias table draws in proportion to the weights', () => {
    const table = createAliasTable([1, 0, 3, 6])
    const random = createRandom(5)
    const seen = [0, 0, 0, 0]
    for (let at = 0; at < 100_000; at += 1) seen[table.draw(random)]! += 1
    expect(seen[1]).toBe(0)
    expect(seen[0]! / 100_000).toBeCloseTo(0.1, 2)
    expect(seen[2]! / 100_000).toBeCloseTo(0.3, 2)
    expect(seen[3]! / 100_000).toBeCloseTo(0.6, 2)
    expect(() => createAliasTable([0, 0])).toThrow(RangeError)
  })

  test('80/20 sends 80 % of the draws to the first fifth; Zipf halves from the first to the second', () => {
    const count = (pick: Parameters<typeof createPicker>[0], rows: number) => {
      const draw = createPicker(pick, rows, createRandom(9))
      const seen = Array.from({ length: rows }, () => 0)
      for (let at = 0; at < 50_000; at += 1) seen[draw()]! += 1
      return seen
    }
    const hot = count({ kind: 'hot', draws: 0.8, rows: 0.2 }, 100)
    expect(hot.slice(0, 20).reduce((a, b) => a + b, 0) / 50_000).toBeCloseTo(0.8, 1)
    const zipf = count({ kind: 'zipf', exponent: 1 }, 100)
    expect(zipf[0]! / zipf[1]!).toBeGreaterThan(1.8)
    expect(zipf[0]! / zipf[1]!).toBeLessThan(2.2)
    expect(count({ kind: 'cycle' }, 7).every((n) => n >= 7142)).toBe(true)
  })

  test('think times have the mean they claim', () => {
    const random = createRandom(3)
    for (const think of [
      { kind: 'constant', ms: 40 },
      { kind: 'exponential', meanMs: 40 },
      { kind: 'lognormal', medianMs: 30, sigma: 0.5 },
    ] as const) {
      let sum = 0
      for (let at = 0; at < 50_000; at += 1) sum += drawThinkTime(think, random)
      expect(sum / 50_000 / meanThinkTime(think)).toBeCloseTo(1, 1)
    }
  })
})

describe('opening', () => {
  test('a HAR file becomes a flow with its pauses, without what belongs to the connection', async () => {
    const entry = (url: string, second: number, status = 200) => ({
      startedDateTime: `2026-01-01T00:00:0${second}.000Z`,
      request: {
        method: 'GET',
        url,
        headers: [
          { name: 'Host', value: 'example.test' },
          { name: 'Accept', value: 'text/html' },
          { name: ':path', value: '/' },
        ],
      },
      response: { status },
    })
    const entries = [
      entry('http://example.test/a?b=1', 0),
      entry('http://cdn.test/x.js', 1),
      entry('http://example.test/c', 3, 404),
    ]
    const path = await written('a.har', JSON.stringify({ log: { entries } }))
    const { scenario, skipped } = await openScenario(path)
    expect(skipped).toEqual(['GET http://cdn.test/x.js: another origin'])
    const data = await resolveScenario(scenario, context)
    expect(data.requests.map(({ path, headers }) => [path, headers])).toEqual([
      ['/a?b=1', [['Accept', 'text/html']]],
      ['/c', [['Accept', 'text/html']]],
    ])
    expect(data.requests[1]?.checks.status).toEqual([404])
    expect(data.flows[0]?.steps[1]?.think).toEqual({ kind: 'constant', ms: 3000 })
  })

  test('an OpenAPI document gives what its examples allow, and says what it does not', async () => {
    const path = await written(
      'api.yaml',
      `
openapi: 3.1.0
servers: [{ url: /v1 }]
components:
  parameters:
    Id: { in: path, name: id, required: true, schema: { type: string, example: a b } }
paths:
  /items/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get:
      parameters: [{ in: query, name: limit, schema: { type: integer, default: 10 } }]
      responses: { '200': {}, '404': {} }
    delete: { responses: { '204': {} } }
  /search:
    get: { parameters: [{ in: query, name: q, required: true, schema: { type: string } }] }
  /items:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: { type: object, required: [n], properties: { n: { enum: [3, 4] }, s: { type: string } } }
`,
    )
    const { scenario, skipped } = await openScenario(path, { methods: ['GET', 'POST'] })
    const data = await resolveScenario(scenario, context)
    expect(data.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/items/a%20b?limit=10', null],
      ['POST', '/v1/items', '{"n":3}'],
    ])
    expect(data.requests[0]?.checks.status).toEqual([200])
    expect(skipped).toEqual([
      'DELETE /items/{id}: method not asked for',
      'GET /search: no example for the query parameter "q"',
    ])
  })

  test('a module may export a plain object: it is checked like any other', async () => {
    const plain = `export default { name: 'plain', requests: { a: { path: '/' } } }`
    const { scenario } = await openScenario(await written('plain.ts', plain))
    expect(scenario.requests['a']?.method).toBe('GET')
    const wrong = await written('wrong.ts', `export default { name: 'x', requests: {}, more: 1 }`)
    expect(openScenario(wrong)).rejects.toThrow('is not a scenario')
  })

  test('a module without a scenario, a missing file and another document are told apart', async () => {
    expect(openScenario(join(folder, 'gone.ts'))).rejects.toThrow('does not exist')
    const empty = await written('empty.ts', 'export const x = 1')
    expect(openScenario(empty)).rejects.toThrow('no default export')
    const other = await written('other.json', '{"a":1}')
    expect(openScenario(other)).rejects.toThrow('neither a scenario')
    const broken = await written('broken.json', '{"a":')
    expect(openScenario(broken)).rejects.toThrow(LabError)
  })
})
