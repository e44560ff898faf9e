import { describe, expect, test } from 'bun:test'
import { createHostCheck } from './host-check.ts'

describe('Host header', () => {
  test.each([
    ['localhost', 'localhost'],
    ['LocalHost:8080', 'localhost'],
    ['[::1]:80', '[::1]'],
    ['api.example.com', 'api.example.com'],
    ['my_service:3000', 'my_service'],
  ])('%p is %p', (header, name) => {
    expect(createHostCheck(undefined).check(header)).toBe(name)
  })

  test.each([
    null,
    '',
    'a, b',
    'a/x',
    'user@a',
    'ex%41mple',
    'a:99999',
    'a:',
    '-a',
    'a.b-',
    'a b',
    'é',
  ])('%p is refused', (header) => {
    expect(createHostCheck(undefined).check(header)).toMatchObject({ code: 'host_invalid' })
  })

  test('only served hosts are accepted, also after a served one was seen', () => {
    const hosts = createHostCheck(['a.example'])
    expect(hosts.check('a.example:80')).toBe('a.example')
    expect(hosts.check('b.example')).toMatchObject({ code: 'host_invalid' })
    expect(hosts.check('a.example:80')).toBe('a.example')
  })
})
