import { expect, test } from 'bun:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import { duration, secret } from './fields.ts'
import { maskConfig, renderReferencePage, toEditorSchema } from './index.ts'

const schema = z.strictObject({
  port: z.number().int().min(1).default(8080).meta({ description: 'Where to listen.' }),
  mode: z.enum(['on', 'off']).optional(),
  wait: duration().optional(),
  password: secret().meta({ description: 'Kept secret.' }),
  routes: z.array(z.strictObject({ path: z.string().meta({ description: 'A path | pattern.' }) })),
  pools: z.record(z.string(), z.strictObject({ size: z.number() })).optional(),
})

const editor = toEditorSchema(schema, { id: 'https://example.test/v1.json', title: 'Test' })

test('the editor schema accepts what the loader accepts and refuses what it refuses', () => {
  const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(editor)
  const good = { port: 1, wait: '30s', password: 'x', routes: [{ path: '/' }] }
  expect(accepts(good)).toBe(true)
  expect(accepts({ ...good, port: '${PORT:-1}', mode: '${MODE}' })).toBe(true)
  expect(accepts({ ...good, port: 'eighty' })).toBe(false)
  expect(accepts({ ...good, extra: 1 })).toBe(false)
  expect(accepts({ ...good, wait: '30 parsecs' })).toBe(false)
  expect(accepts({ routes: [] })).toBe(false)
})

test('the reference page names every key with what it takes, its default and its meaning', () => {
  const page = renderReferencePage(editor, 'Configuration', 'Intro.')
  expect(page).toContain('| `port` | whole number from 1 | `8080` | Where to listen. |')
  expect(page).toContain('| `mode` | `on`, `off` |  |  |')
  expect(page).toContain('| `password` | secret text | **required** | Kept secret. |')
  expect(page).toContain('## `routes[]`')
  expect(page).toContain(String.raw`A path \| pattern.`)
  expect(page).toContain('## `pools.<name>`')
})

test('a shown configuration has its secrets masked wherever they are', () => {
  const shown = maskConfig(
    {
      rootKey: 'a',
      list: [{ note: 'b' }],
      url: 'redis://u:p@h',
      storage: { apiKey: 'c', timeoutMs: 5 },
      pattern: /x/,
    },
    new Set(['list[0].note']),
  )
  expect(shown).toEqual({
    rootKey: '***',
    list: [{ note: '***' }],
    url: 'redis://u:***@h',
    storage: { apiKey: '***', timeoutMs: 5 },
    pattern: '/x/',
  })
})
