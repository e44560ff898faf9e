import { describe, expect, test } from 'bun:test'
import { TARGETED_FIELDS } from './directives.ts'
import type { Field } from './fields.ts'
import { readFields } from './fields.ts'
import { invalidatedBy, isUnsafe, standsForGet } from './invalidation.ts'
import { responseKey, surrogateName, urlName } from './resource-names.ts'

/** What is forgotten when something changes, and by what names. */

describe('invalidation (RFC 9111 §4.4)', () => {
  const url = { host: 'a.test', target: '/x?y=1' }
  const hit = (method: string, status: number, ...fields: Field[]): string[] =>
    invalidatedBy(method, url, { status, fields: readFields(fields) }).map(({ target }) => target)

  test('an answer that is no error invalidates the URL, and Location and Content-Location of the same origin', () => {
    expect(hit('POST', 200)).toEqual(['/x?y=1'])
    expect(hit('DELETE', 302, ['location', '/z'], ['content-location', 'w?q=1'])).toEqual([
      '/x?y=1',
      '/z',
      '/w?q=1',
    ])
    expect(hit('PUT', 201, ['location', 'https://a.test:443/z'])).toEqual(['/x?y=1', '/z'])
    expect(
      hit('PUT', 201, ['location', 'http://b.test/z'], ['content-location', 'http://a.test:81/q']),
    ).toEqual(['/x?y=1'])
    expect(hit('PUT', 201, ['location', 'javascript:alert(1)'])).toEqual(['/x?y=1'])
    expect(hit('POST', 500)).toEqual([])
    expect(hit('POST', 404)).toEqual([])
    expect(hit('GET', 200)).toEqual([])
  })

  test('unknown methods may change something', () => {
    expect(['M-SEARCH', 'PURGE', 'FOO'].every(isUnsafe)).toBe(true)
    expect(['GET', 'HEAD', 'OPTIONS', 'PROPFIND'].some(isUnsafe)).toBe(false)
  })

  test('a POST stands for GET only where Content-Location is its own URL and a lifetime is stated (RFC 9110 §9.3.3)', () => {
    const stands = (method: string, ...fields: Field[]): boolean =>
      standsForGet(method, url, { status: 200, fields: readFields(fields) }, TARGETED_FIELDS)
    const own: Field = ['content-location', '/x?y=1']
    const fresh: Field = ['cache-control', 'max-age=60']
    expect(stands('POST', own, fresh)).toBe(true)
    expect(stands('POST', own, ['expires', '0'])).toBe(true)
    expect(stands('POST', own, ['cdn-cache-control', 's-maxage=60'])).toBe(true)
    expect(stands('PUT', own, fresh)).toBe(false)
    expect(stands('POST', ['content-location', '/x'], fresh)).toBe(false)
    expect(stands('POST', own, ['cache-control', 'public'], ['etag', '"a"'])).toBe(false)
    expect(stands('POST', own, ['last-modified', 'Sat, 01 Jan 2000 00:00:00 GMT'])).toBe(false)
    expect(stands('POST', own, ['cdn-cache-control', 'public'], ['expires', '0'])).toBe(false)
  })
})

describe('keys', () => {
  test('no two different requests share a key, whatever characters they hold', () => {
    const scope = (tenantId: string, caller: string) => ({ tenantId, caller })
    const keys = [
      responseKey('r', scope('a', 'b'), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('ab', ''), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('', 'ab'), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('a', 'b'), 'https', { host: 'h', target: '/t' }),
      responseKey('r', scope('a', 'b'), 'http', { host: 'h2:/', target: 't' }),
      responseKey('r', scope('a1:b', ''), 'http', { host: 'h', target: '/t' }),
      responseKey('ra', scope('', 'b'), 'http', { host: 'h', target: '/t' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(urlName({ host: 'a', target: '1:b' })).not.toEqual(urlName({ host: 'a1', target: ':b' }))
    expect(surrogateName('x').name).not.toBe(urlName({ host: 'x', target: '' }).name)
    expect(urlName({ host: 'h', target: `/${'x'.repeat(5000)}` }).name.length).toBeLessThan(512)
  })
})
