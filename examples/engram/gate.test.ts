import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestGate } from '../gate.fixture.ts'
import { call, startTestGate } from '../gate.fixture.ts'
import type { Running } from './server.ts'
import { start } from './server.ts'

const START_MS = 20_000
const dataFolder = mkdtempSync(join(tmpdir(), 'engram-gate-'))
let engram: Running
let gate: TestGate
let keys: Readonly<Record<'reader' | 'writer' | 'keeper' | 'other', string>>

beforeAll(async () => {
  const seeds = { library: 'literature', laboratory: 'science' } as const
  engram = await start({ port: 0, hostname: '127.0.0.1', dataFolder, seeds })
  gate = await startTestGate('engram', { ENGRAM_URL: engram.url })
  keys = {
    reader: await gate.issueKey('library', 'reader'),
    writer: await gate.issueKey('library', 'writer'),
    keeper: await gate.issueKey('library', 'keeper'),
    other: await gate.issueKey('laboratory', 'admin'),
  }
}, START_MS)

afterAll(async () => {
  await gate.stop()
  await engram.stop()
  rmSync(dataFolder, { recursive: true })
})

interface Answer {
  readonly memories: { readonly text: string; readonly source: string }[]
}

const memories = (): string => `${gate.url}/api/v1/memories`
const recall = async (key: string, q: string, headers = {}): Promise<Answer> => {
  const url = `${memories()}/recall?q=${encodeURIComponent(q)}`
  return (await (await call(url, key, 'GET', undefined, headers)).json()) as Answer
}

describe('behind the gate', () => {
  test('a tenant finds its own texts and nobody else’s', async () => {
    const [found] = (await recall(keys.reader, 'whitewash fence')).memories
    expect(found?.source).toStartWith('Mark Twain')
    expect((await recall(keys.other, 'whitewash')).memories).toEqual([])
    expect((await recall(keys.other, 'prism')).memories[0]?.source).toStartWith('Isaac Newton')
  })

  test('a tenant named by the client is ignored', async () => {
    const claim = { 'x-tollgate-tenant': 'library' }
    expect((await recall(keys.other, 'whitewash', claim)).memories).toEqual([])
  })

  test('each role may do what it is meant for, and no more', async () => {
    const text = 'A platypus by the river.'
    expect((await call(memories(), keys.reader, 'POST', { text })).status).toBe(403)
    const made = await call(memories(), keys.writer, 'POST', { text, tags: ['zoo'] })
    expect(made.status).toBe(201)
    const memory = gate.url + (made.headers.get('location') ?? '')
    expect((await call(memory, keys.reader)).status).toBe(200)
    expect((await call(memory, keys.other)).status).toBe(404)
    expect((await call(memory, keys.other, 'DELETE')).status).toBe(404)
    expect((await call(memory, keys.writer, 'DELETE')).status).toBe(403)
    expect((await call(memory, keys.keeper, 'DELETE')).status).toBe(204)
    expect((await call(memory, keys.reader)).status).toBe(404)
  })

  test('health needs no key, memories do', async () => {
    expect((await fetch(`${gate.url}/api/v1/system/health`)).status).toBe(200)
    expect((await fetch(`${memories()}/recall?q=a`)).status).toBe(401)
  })

  test.each([
    ['POST', '', { text: 'a', tags: ['A B'] }, '#/body/tags/0'],
    ['POST', '', { text: '' }, '#/body/text'],
    ['GET', '/recall', undefined, '#/query/q'],
    ['GET', '/recall?q=a&limit=51', undefined, '#/query/limit'],
    ['GET', '/not-an-id', undefined, '#/path/id'],
  ])('%s %s with %j is refused at %s', async (method, path, body, pointer) => {
    const response = await call(memories() + path, keys.writer, method, body)
    expect(response.status).toBe(422)
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors.map((error) => error.pointer)).toContain(pointer)
  })

  test('each key may search thirty times a minute', async () => {
    const key = await gate.issueKey('library', 'reader')
    const url = `${memories()}/recall?q=river`
    const statuses = await Promise.all(
      Array.from({ length: 33 }, async () => (await call(url, key)).status),
    )
    // The bucket of 30 a minute refills by one every two seconds.
    const passed = statuses.filter((status) => status === 200).length
    expect(passed).toBeGreaterThanOrEqual(30)
    expect(passed).toBeLessThan(33)
    expect(statuses.filter((status) => status !== 200).every((status) => status === 429)).toBe(true)
    expect((await call(url, keys.reader)).status).toBe(200)
  })
})
