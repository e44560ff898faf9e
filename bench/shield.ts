/**
 * The cost of checking a request beyond parsing it: nanoseconds for a 90-byte body of three fields
 * over `JSON.parse` alone, and for a query. Run: `bun bench/shield.ts`.
 */
import { createShield, readJson, requestConfig } from '../src/shield/index.ts'

const ROUNDS = 7
const CALLS = 300_000
const BODY =
  '{"position":{"x":12.5,"y":-3.25,"z":140.75},"player":"ada-lovelace","sequence":184467}'
const TEXT =
  '{"at":"2026-01-01T10:00:00Z","url":"https://example.org/","note":"three colons: more"}'
const BYTES = new TextEncoder().encode(BODY)

const shield = createShield({})
if (!shield.ok) throw new Error('no named schema can be wrong')
const compiled = shield.value.compile(
  requestConfig.parse({
    body: {
      type: 'object',
      properties: {
        position: { vector3: { minimum: -1000, maximum: 1000 } },
        player: { type: 'string', maxLength: 64, pattern: '^[a-z0-9-]+$' },
        sequence: { type: 'integer', minimum: 0 },
      },
      required: ['position', 'player'],
      additionalProperties: false,
    },
    query: {
      type: 'object',
      properties: { limit: { type: 'integer', minimum: 1, maximum: 100 }, q: { type: 'string' } },
      additionalProperties: false,
    },
  }),
)
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
const check = compiled.value
const head = { params: {}, query: 'q=green+apples&limit=20', headers: new Headers() }
const bounds = { depthMax: 32 }

const works: Readonly<Record<string, () => unknown>> = {
  'JSON.parse': () => JSON.parse(BODY),
  'readJson, text': () => readJson(BODY, bounds),
  'readJson, bytes': () => readJson(BYTES, bounds),
  'readJson, colons in strings': () => readJson(TEXT, bounds),
  'body, text': () => check.body(BODY, 'application/json'),
  'body, bytes': () => check.body(BYTES, 'application/json'),
  'body refused': () => check.body(BODY.replace('140.75', '1400.75'), 'application/json'),
  query: () => check.head(head),
}

const least = new Map<string, number>()
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(works)) {
    const began = performance.now()
    for (let at = 0; at < CALLS; at++) work()
    const ns = ((performance.now() - began) * 1e6) / CALLS
    least.set(name, Math.min(least.get(name) ?? Infinity, ns))
  }
}
const base = least.get('JSON.parse') ?? 0
for (const [name, ns] of least) {
  process.stdout.write(`${name}: ${ns.toFixed(0)} ns, ${(ns - base).toFixed(0)} over JSON.parse\n`)
}
