import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAlone } from '../alone.fixture.ts'
import type { Running } from './server.ts'
import { start } from './server.ts'

const dataFolder = mkdtempSync(join(tmpdir(), 'engram-'))
let running: Running

const open = (): Promise<Running> => start({ port: 0, hostname: '127.0.0.1', dataFolder })
beforeAll(async () => {
  running = await open()
})
afterAll(async () => {
  await running.stop()
  rmSync(dataFolder, { recursive: true })
})

interface Answer {
  readonly of: number
  readonly matched: string
  readonly memories: { id: string; source: string; text: string; snippet: string; score: number }[]
}

const as = (tenant: string): Record<string, string> => ({ 'x-tollgate-tenant': tenant })
const recall = async (tenant: string, question: string, more = ''): Promise<Answer> => {
  const url = `${running.url}/api/v1/memories/recall?q=${encodeURIComponent(question)}${more}`
  return (await (await fetch(url, { headers: as(tenant) })).json()) as Answer
}
const remember = (tenant: string, body: unknown): Promise<Response> =>
  fetch(`${running.url}/api/v1/memories`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...as(tenant) },
    body: JSON.stringify(body),
  })

test('health needs no tenant', async () => {
  const response = await fetch(`${running.url}/api/v1/system/health`)
  expect(await response.json()).toEqual({ status: 'ok' })
})

describe('recalling', () => {
  test('finds real text by its words, best first, and shows where', async () => {
    const { memories, matched } = await recall('library', 'grapes sour')
    expect(matched).toBe('all')
    expect(memories[0]).toMatchObject({ source: 'Aesop: The Fox and the Grapes' })
    expect(memories[0]?.snippet).toContain('**sour**')
    const summer = await recall('library', 'summer')
    const scores = summer.memories.map(({ score }) => score)
    expect(scores.length).toBeGreaterThan(1)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })

  test('finds other forms of a word, and memories with some of the words if none has all', async () => {
    expect((await recall('laboratory', 'evolve')).memories[0]?.source).toContain(
      'Origin of Species',
    )
    const { matched, memories } = await recall('laboratory', 'jacquard giants')
    expect(matched).toBe('any')
    expect(memories).toHaveLength(2)
  })

  test.each(['"', 'a" OR "b', 'text:grapes', 'NEAR(a b)', 'grapes*', "'; DROP TABLE memories; --"])(
    'takes %j as words, not as a query language',
    async (question) => {
      const response = await fetch(
        `${running.url}/api/v1/memories/recall?q=${encodeURIComponent(question)}`,
        { headers: as('library') },
      )
      expect([200, 400]).toContain(response.status)
      expect((await recall('library', 'grapes')).memories).not.toHaveLength(0)
    },
  )

  test.each([
    'q=',
    'q=%20!',
    'q=a&q=b',
    'q=a&tenant=library',
    'q=a&limit=0',
    'q=a&limit=51',
    `q=${'a+'.repeat(17)}`,
  ])('refuses ?%s', async (query) => {
    const url = `${running.url}/api/v1/memories/recall?${query}`
    expect((await fetch(url, { headers: as('library') })).status).toBe(400)
  })
})

describe('tenants', () => {
  test('never see each other’s memories', async () => {
    const secret = 'The zanzibar password is xylophone.'
    const { id } = (await (await remember('library', { text: secret })).json()) as { id: string }
    expect((await recall('library', 'zanzibar')).memories[0]).toMatchObject({ id, text: secret })
    expect((await recall('laboratory', 'zanzibar')).memories).toEqual([])
    expect((await recall('laboratory', 'grapes')).memories).toEqual([])
    expect((await recall('library', 'refrangibility')).memories).toEqual([])
    expect((await recall('laboratory', 'whitewash')).memories).toEqual([])
    const path = `${running.url}/api/v1/memories/${id}`
    expect((await fetch(path, { headers: as('library') })).status).toBe(200)
    expect((await fetch(path, { headers: as('laboratory') })).status).toBe(404)
  })

  test.each(['../library', 'library/', 'LIBRARY', 'library.db'])(
    '%j is another tenant than library',
    async (tenant) => {
      expect(await recall(tenant, 'grapes')).toMatchObject({ of: 0, memories: [] })
    },
  )

  test('cannot learn from the ranking what others hold', async () => {
    const before = await recall('laboratory', 'candle')
    for (let count = 0; count < 20; count++) await remember('library', { text: 'candle candle' })
    expect(await recall('laboratory', 'candle')).toEqual(before)
  })

  test('must be named by the gate', async () => {
    const url = `${running.url}/api/v1/memories/recall?q=grapes`
    expect((await fetch(url)).status).toBe(403)
    expect((await fetch(url, { headers: as('a b') })).status).toBe(403)
  })

  test('that are created later can be seeded, once', async () => {
    running.seed('fresh', 'literature')
    running.seed('ten_later', 'literature')
    running.seed('ten_later', 'literature')
    expect((await recall('ten_later', 'grapes')).of).toBe((await recall('fresh', 'grapes')).of)
  })
})

test('each tenant has hundreds of passages, from its own corpus', async () => {
  const library = await recall('library', 'whitewash fence')
  expect(library.memories[0]?.source).toStartWith('Mark Twain')
  expect(library.of).toBeGreaterThan(240)
  const laboratory = await recall('laboratory', 'colours prism')
  expect(laboratory.memories[0]?.source).toStartWith('Isaac Newton')
  expect(laboratory.of).toBeGreaterThan(240)
})

test('with more tenants than open databases, each still has its own memories', async () => {
  const tenants = Array.from({ length: 80 }, (_, index) => `tenant-${index}`)
  await Promise.all(tenants.map((tenant) => remember(tenant, { text: `This is ${tenant}.` })))
  for (const tenant of tenants) {
    const { of, memories } = await recall(tenant, tenant)
    expect(of).toBe(1)
    expect(memories[0]?.text).toBe(`This is ${tenant}.`)
  }
})

describe('forgetting', () => {
  const forget = (tenant: string, id: string): Promise<Response> =>
    fetch(`${running.url}/api/v1/memories/${id}`, { method: 'DELETE', headers: as(tenant) })

  test('removes a memory from the store and from the search', async () => {
    const made = await remember('library', { text: 'A wombat in winter.', tags: ['zoo'] })
    const { id } = (await made.json()) as { id: string }
    const { of } = await recall('library', 'wombat')
    expect((await forget('library', id)).status).toBe(204)
    expect(await recall('library', 'wombat zoo')).toMatchObject({ of: of - 1, memories: [] })
    expect((await forget('library', id)).status).toBe(404)
  })

  test('cannot reach another tenant’s memories', async () => {
    const { id } = (await (await remember('library', { text: 'A numbat.' })).json()) as {
      id: string
    }
    expect((await forget('laboratory', id)).status).toBe(404)
    expect((await recall('library', 'numbat')).memories).toHaveLength(1)
  })
})

describe('remembering', () => {
  test('answers with the place of the memory, and finds it by source and tags', async () => {
    const memory = {
      text: 'Water boils at lower heat on mountains.',
      source: 'Notebook',
      tags: ['lab'],
    }
    const response = await remember('laboratory', memory)
    expect(response.status).toBe(201)
    const location = response.headers.get('location') ?? ''
    const stored = await fetch(running.url + location, { headers: as('laboratory') })
    expect(await stored.json()).toMatchObject(memory)
    expect((await recall('laboratory', 'notebook lab')).memories).toHaveLength(1)
  })

  test.each([
    ['a missing text', '/text', {}],
    ['a blank text', '/text', { text: '   ' }],
    ['a tag with other letters', '/tags/0', { text: 'a', tags: ['A B'] }],
    ['a text that is too long', '/text', { text: 'a'.repeat(16_001) }],
    ['a tenant of the client’s choice', '', { text: 'a', tenant: 'other' }],
  ])('refuses %s, and says where it is', async (_, pointer, body) => {
    const response = await remember('library', body)
    expect(response.status).toBe(422)
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors[0]?.pointer).toBe(pointer)
  })
})

test.each([
  ['GET', '/nothing', 404],
  ['DELETE', '/api/v1/memories', 405],
  ['POST', '/api/v1/memories/recall', 405],
])('%s %s is refused with status %d', async (method, path, status) => {
  const response = await fetch(running.url + path, { method, headers: as('library') })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ status })
})

test('memories survive a restart, and seeds are not added twice', async () => {
  await remember('laboratory', { text: 'The quokka smiled.' })
  const before = await recall('laboratory', 'quokka')
  await running.stop()
  running = await open()
  expect(await recall('laboratory', 'quokka')).toEqual(before)
})

test('an acknowledged memory survives the death of the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-killed-'))
  const alone = await startAlone('engram', folder)
  const made = await fetch(`${alone.url}/api/v1/memories`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...as('library') },
    body: JSON.stringify({ text: 'The axolotl grows its legs again.' }),
  })
  expect(made.status).toBe(201)
  await alone.kill()
  const again = await start({ port: 0, hostname: '127.0.0.1', dataFolder: folder, seeds: {} })
  const url = `${again.url}/api/v1/memories/recall?q=axolotl`
  const { memories } = (await (await fetch(url, { headers: as('library') })).json()) as Answer
  expect(memories).toHaveLength(1)
  await again.stop()
  rmSync(folder, { recursive: true })
})
