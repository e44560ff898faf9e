import { describe, expect, test } from 'bun:test'
import { parseRequestHead } from './parse-request-head.ts'
import { parse, rules } from './request-head.fixture.ts'
import { CHUNKED, RequestHead } from './request-head.ts'

/** Reads a head made of lines; Host is added unless the lines have one. */
function read(...lines: readonly string[]): RequestHead {
  const head = parse(`${lines.join('\r\n')}\r\n\r\n`)
  if (!(head instanceof RequestHead)) throw new Error(`not read: ${JSON.stringify(head)}`)
  return head
}

const get = (...fields: readonly string[]): RequestHead =>
  read('GET / HTTP/1.1', 'Host: a', ...fields)

describe('a request head', () => {
  test('is its method, target and fields: names in lowercase, values without the blanks around them', () => {
    const head = read(
      'PATCH /a%20b?c=d#e HTTP/1.1',
      'Host: example.com:80',
      'X-Odd-Name:\t one  two \t',
      'X-Empty:',
      'x-latin: caf\xe9\xa0',
    )
    expect(head.method).toBe('PATCH')
    expect(head.target).toBe('/a%20b?c=d#e')
    expect([...head]).toEqual([
      ['host', 'example.com:80'],
      ['x-odd-name', 'one  two'],
      ['x-empty', ''],
      ['x-latin', 'caf\xe9\xa0'],
    ])
    expect(head.get('X-ODD-name')).toBe('one  two')
    expect(head.get('absent')).toBeNull()
    expect(head.has('x-empty')).toBe(true)
    const seen: string[] = []
    head.forEach((value, name) => seen.push(`${name}=${value}`))
    expect(seen).toEqual([...head].map(([name, value]) => `${name}=${value}`))
  })

  test('joins what may come more than once: lists by commas, cookies by semicolons (RFC 9110 §5.3, RFC 9113 §8.2.3)', () => {
    const head = get('Accept: a', 'Cookie: x=1', 'accept: b', 'X-Own: 1', 'COOKIE: y=2', 'x-own: 2')
    expect(head.get('accept')).toBe('a, b')
    expect(head.get('cookie')).toBe('x=1; y=2')
    expect(head.get('x-own')).toBe('1, 2')
    expect([...head].map(([name]) => name)).toEqual(['host', 'accept', 'cookie', 'x-own'])
  })

  test('says where the body ends (RFC 9112 §6.3)', () => {
    expect(get().bodyBytes).toBe(0)
    expect(get('Content-Length: 0').bodyBytes).toBe(0)
    expect(get('Content-Length: 0012').bodyBytes).toBe(12)
    expect(get('Content-Length: 999999999999999').bodyBytes).toBe(999_999_999_999_999)
    expect(get('Transfer-Encoding: chunked').bodyBytes).toBe(CHUNKED)
    expect(get('transfer-encoding: CHUNKED').bodyBytes).toBe(CHUNKED)
  })

  test('says whether the connection is kept (RFC 9112 §9.3)', () => {
    expect(get().keepsAlive).toBe(true)
    expect(get('Connection: keep-alive, Close').keepsAlive).toBe(false)
    expect(get('Connection: foo', 'Connection: close').keepsAlive).toBe(false)
    expect(get('Connection: closed').keepsAlive).toBe(true)
    expect(read('GET / HTTP/1.0').keepsAlive).toBe(false)
    expect(read('GET / HTTP/1.0', 'Connection: Keep-Alive').keepsAlive).toBe(true)
    expect(read('GET / HTTP/1.0', 'Connection: keep-alive, close').keepsAlive).toBe(false)
  })

  test('has no fields that Connection lists, so that nobody judges by what is not passed on (RFC 9110 §7.6.1)', () => {
    const names = (...fields: readonly string[]): string[] =>
      [...get(...fields)].map(([name]) => name)
    const language = 'Accept-Language: de'
    expect(names(language, 'Connection: close, Accept-Language')).toEqual(['host', 'connection'])
    expect(names('Connection: x-a', 'X-A: 1', 'Connection: x-b,', 'X-B: 1', 'X-C: 1')).toEqual([
      'host',
      'connection',
      'x-c',
    ])
    expect(get('Connection: x-absent, close').keepsAlive).toBe(false)
  })

  test('may list a few dozen options of Connection, and not thousands', () => {
    const listing = (options: number): unknown =>
      parse(`GET / HTTP/1.1\r\nHost: a\r\nConnection: ${'a,'.repeat(options - 1)}close\r\n\r\n`)
    expect(listing(31)).toMatchObject({ keepsAlive: false })
    expect(listing(33)).toMatchObject({ reason: 'field_value' })
    expect(listing(7000)).toMatchObject({ reason: 'field_value' })
  })

  test.each([
    ['Host', 'a'],
    ['Content-Length', '5'],
    ['Content-Type', 'text/plain'],
    ['Content-Encoding', 'br'],
    ['Upgrade', 'websocket'],
    ['X-Forwarded-For', '192.0.2.1'],
    ['Forwarded', 'for=192.0.2.1'],
  ])('keeps %s, whatever Connection lists', (name, value) => {
    const field = name === 'Host' ? [] : [`${name}: ${value}`]
    expect(get(`Connection: ${name}`, ...field).get(name)).toBe(value)
  })

  test('says whether the client waits before it sends the body (RFC 9110 §10.1.1)', () => {
    expect(get('Content-Length: 5', 'Expect: 100-Continue').expectsContinue).toBe(true)
    expect(get('Expect: 100-continue').expectsContinue).toBe(false)
    expect(
      read('POST / HTTP/1.0', 'Content-Length: 5', 'Expect: 100-continue').expectsContinue,
    ).toBe(false)
  })

  test('says whether a WebSocket is asked for (RFC 6455 §4.1)', () => {
    const both = ['Upgrade: WebSocket', 'Connection: keep-alive, Upgrade']
    expect(get(...both).wantsWebSocket).toBe(true)
    expect(get('Upgrade: websocket').wantsWebSocket).toBe(false)
    expect(get('Upgrade: h2c', 'Connection: upgrade').wantsWebSocket).toBe(false)
    expect(get(...both, 'Content-Length: 1').wantsWebSocket).toBe(false)
    expect(read('POST / HTTP/1.1', 'Host: a', ...both).wantsWebSocket).toBe(false)
    expect(read('GET / HTTP/1.0', ...both).wantsWebSocket).toBe(false)
  })

  test('may have a target in absolute form, whose authority stands for Host (RFC 9112 §3.2.2)', () => {
    const head = read('GET http://b:81/x?y HTTP/1.1', 'Host: a', 'Accept: c')
    expect([head.target, head.get('host')]).toEqual(['/x?y', 'b:81'])
    expect(read('GET HTTP://b HTTP/1.1', 'Host: a').target).toBe('/')
    expect(read('GET http://b?q HTTP/1.1', 'Host: a').target).toBe('/?q')
    expect(read('OPTIONS http://b HTTP/1.1', 'Host: a').target).toBe('*')
    expect(read('GET http://b/ HTTP/1.0').get('host')).toBe('b')
  })

  test('may have the target * with OPTIONS (RFC 9112 §3.2.4)', () => {
    expect(read('OPTIONS * HTTP/1.1', 'Host: a').target).toBe('*')
  })

  test('may come after one empty line (RFC 9112 §2.2)', () => {
    const text = '\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\nrest'
    expect(parse(text)).toMatchObject({ target: '/x', bytes: text.length - 4 })
  })

  test('need not be at the beginning of what was read', () => {
    const text = 'body\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y'
    expect(parseRequestHead(text, 8, rules)).toMatchObject({ target: '/x', bytes: 28 })
  })

  test('is not there before its last byte is', () => {
    const text = '\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'
    for (let length = 0; length < text.length; length++) {
      expect(parse(text.slice(0, length))).toBeUndefined()
    }
    expect(parse(text)).toBeInstanceOf(RequestHead)
  })
})
