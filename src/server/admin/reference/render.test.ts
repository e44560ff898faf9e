import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { createAdminRig } from '../test-rig.ts'
import { OPERATIONS } from '../operations.ts'

const rig = await createAdminRig()
const page = await rig.call('GET', '/reference', { credential: '' })

test('the reference page explains every operation and needs no credential', () => {
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  for (const { id } of OPERATIONS) expect(page.text).toContain(`<article id="${id}">`)
  expect(page.text).toContain('<code>key.userId</code></td><td>string or null')
})

test('it runs nothing and fetches nothing: its own style alone is admitted', () => {
  expect(page.text).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\son\w+=|@import|url\(/i)
  expect(page.text).not.toMatch(/(?:href|src)="(?!#|\/openapi\.json")/)
  const style = /<style>([\s\S]*)<\/style>/.exec(page.text)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`style-src 'sha256-${hash}'`)
  expect(policy).toContain("default-src 'none'")
})

test('the document is served as it is committed', async () => {
  const document = await rig.call('GET', '/openapi.json', { credential: '' })
  expect(document.field('openapi')).toBe('3.1.0')
  expect(Object.keys(document.field('paths') as object).length).toBeGreaterThan(35)
})
