import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { generatedFiles } from './generated-files.ts'

const files = await generatedFiles()
const root = join(import.meta.dirname, '..')

test.each([...files])('%s is current: run `bun scripts/generate.ts`', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text)
})

test('the editor schema is a valid schema that accepts a small configuration', () => {
  const schema = JSON.parse(files.get('schema/v1.json') ?? '') as object
  const accepts = new Ajv2020({ strict: false }).compile(schema)
  const route = { id: 'a', path: '/a', upstream: 'u' }
  const upstreams = { u: { targets: [{ url: 'http://127.0.0.1:9' }] } }
  expect([accepts({ upstreams, routes: [route] }), accepts.errors]).toEqual([true, null])
  expect(accepts({ ruotes: [] })).toBe(false)
})

test('the API document refers to nothing that it does not hold', () => {
  const text = files.get('docs/reference/openapi.json') ?? ''
  const document = JSON.parse(text) as { components: { schemas: Record<string, unknown> } }
  const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  )
  const missing = references.filter(
    (name) => !Object.hasOwn(document.components.schemas, name ?? ''),
  )
  expect(missing).toEqual([])
})
