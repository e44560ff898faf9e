import { describe, expect, test } from 'bun:test'
import { constantFrom, array, assert, integer, oneof, property, string, tuple } from 'fast-check'
import { HeadTemplate } from './head-template.ts'
import { parseRequestHead } from './parse-request-head.ts'
import { CHUNKED, RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

const rules = { scheme: 'http', headBytesMax: 16_384 } as const
const parse = (text: string): ReturnType<typeof parseRequestHead> =>
  parseRequestHead(text, 0, rules)

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

const HOST = 'Host: a'
const line = (text: string): readonly string[] => [text, HOST]
const field = (...fields: readonly string[]): readonly string[] => [
  'POST / HTTP/1.1',
  HOST,
  ...fields,
]

const UNREADABLE: readonly (readonly [string, readonly string[], Unreadable['reason'], string])[] =
  [
    // RFC 9112 §3: method SP target SP version.
    ['no target', line('GET HTTP/1.1'), 'request_line', 'bad_request'],
    ['no version', line('GET /'), 'request_line', 'bad_request'],
    ['two spaces', line('GET  / HTTP/1.1'), 'version', 'bad_request'],
    ['two spaces before the version', line('GET /  HTTP/1.1'), 'version', 'bad_request'],
    ['a tab for a space', line('GET\t/ HTTP/1.1'), 'request_line', 'bad_request'],
    ['a space in the target', line('GET /a b HTTP/1.1'), 'version', 'bad_request'],
    ['a space at the end of the line', line('GET / HTTP/1.1 '), 'version', 'bad_request'],
    ['a space at its beginning', line(' GET / HTTP/1.1'), 'method', 'bad_request'],
    ['a method that is no token', line('G{T / HTTP/1.1'), 'method', 'bad_request'],
    ['a bare carriage return in the line', line('GET /\r HTTP/1.1'), 'target', 'bad_request'],
    ['a bare line feed at its end', ['GET / HTTP/1.1\nHost: a'], 'request_line', 'bad_request'],
    // RFC 9112 §2.3.
    ['a lowercase version', line('GET / http/1.1'), 'version', 'bad_request'],
    ['a version of two digits', line('GET / HTTP/1.10'), 'version', 'bad_request'],
    ['HTTP/1.2', line('GET / HTTP/1.2'), 'version', 'version_unsupported'],
    ['HTTP/0.9', line('GET / HTTP/0.9'), 'version', 'version_unsupported'],
    ['HTTP/2', line('PRI * HTTP/2.0'), 'version', 'version_unsupported'],
    // RFC 9112 §3.2.
    ['a NUL in the target', line('GET /\0 HTTP/1.1'), 'target', 'bad_request'],
    ['a byte beyond ASCII in the target', line('GET /\xe9 HTTP/1.1'), 'target', 'bad_request'],
    ['a target without a slash', line('GET a HTTP/1.1'), 'target', 'bad_request'],
    ['* with another method', line('GET * HTTP/1.1'), 'target', 'bad_request'],
    ['more than *', line('OPTIONS *a HTTP/1.1'), 'target', 'bad_request'],
    ['another scheme', line('GET ftp://a/ HTTP/1.1'), 'target', 'bad_request'],
    ['a scheme that is not spoken here', line('GET https://a/ HTTP/1.1'), 'target', 'bad_request'],
    ['CONNECT', line('CONNECT a:1 HTTP/1.1'), 'method', 'method_not_allowed'],
    // RFC 9112 §2.2, one empty line at most.
    ['two empty lines before it', ['', '', 'GET / HTTP/1.1', HOST], 'request_line', 'bad_request'],
    [
      'a stray carriage return before it',
      ['\rGET / HTTP/1.1', HOST],
      'request_line',
      'bad_request',
    ],
    ['a line feed before it', ['\nGET / HTTP/1.1', HOST], 'request_line', 'bad_request'],
    // RFC 9112 §5.
    ['no colon', field('X-A'), 'field_line', 'bad_request'],
    ['an empty name', field(': a'), 'field_name', 'bad_request'],
    ['a space before the colon', field('X-A : a'), 'field_name', 'bad_request'],
    ['a name that is no token', field('X(A: a'), 'field_name', 'bad_request'],
    ['a name beyond ASCII', field('X-\xc4: a'), 'field_name', 'bad_request'],
    ['a NUL in a name', field('X-\0A: a'), 'field_name', 'bad_request'],
    ['a folded line', field('X-A: a', ' b: c'), 'field_name', 'bad_request'],
    ['a folded line without a colon', field('X-A: a', '\tb'), 'field_line', 'bad_request'],
    ['a space before the first field', ['GET / HTTP/1.1', ' Host: a'], 'field_name', 'bad_request'],
    ['a NUL in a value', field('X-A: a\0b'), 'field_value', 'bad_request'],
    ['a DEL in a value', field('X-A: a\x7f'), 'field_value', 'bad_request'],
    ['a bare carriage return in a value', field('X-A: a\rX-B: b'), 'field_value', 'bad_request'],
    ['a bare line feed in a value', field('X-A: a\nX-B: b'), 'field_line', 'bad_request'],
    ['two carriage returns at the end of a line', field('X-A: a\r'), 'field_value', 'bad_request'],
    // RFC 9112 §3.2: exactly one Host.
    ['no Host', ['GET / HTTP/1.1', 'X-A: a'], 'host', 'bad_request'],
    ['two Hosts', field('Host: a'), 'host', 'bad_request'],
    ['two Hosts in HTTP/1.0', ['GET / HTTP/1.0', HOST, 'host: b'], 'host', 'bad_request'],
    ['two Hosts in absolute form', ['GET http://a/ HTTP/1.1', HOST, HOST], 'host', 'bad_request'],
    // RFC 9112 §6.2.
    ['an empty length', field('Content-Length:'), 'content_length', 'bad_request'],
    ['a signed length', field('Content-Length: +5'), 'content_length', 'bad_request'],
    ['a negative length', field('Content-Length: -5'), 'content_length', 'bad_request'],
    ['a hexadecimal length', field('Content-Length: 0x5'), 'content_length', 'bad_request'],
    ['a length with a blank', field('Content-Length: 1 2'), 'content_length', 'bad_request'],
    ['a length of other digits', field('Content-Length: \xb2'), 'content_length', 'bad_request'],
    [
      'a length in scientific notation',
      field('Content-Length: 1e2'),
      'content_length',
      'bad_request',
    ],
    ['a length with a fraction', field('Content-Length: 5.0'), 'content_length', 'bad_request'],
    ['a list of lengths', field('Content-Length: 5, 5'), 'content_length', 'bad_request'],
    [
      'a length of 16 digits',
      field('Content-Length: 1000000000000000'),
      'content_length',
      'bad_request',
    ],
    [
      'two lengths',
      field('Content-Length: 5', 'Content-Length: 6'),
      'content_length',
      'bad_request',
    ],
    [
      'the same length twice',
      field('Content-Length: 5', 'content-length: 5'),
      'content_length',
      'bad_request',
    ],
    // RFC 9112 §6.1.
    [
      'a length with chunks',
      field('Content-Length: 5', 'Transfer-Encoding: chunked'),
      'transfer_encoding',
      'bad_request',
    ],
    [
      'chunks with a length',
      field('Transfer-Encoding: chunked', 'Content-Length: 5'),
      'transfer_encoding',
      'bad_request',
    ],
    [
      'chunks in HTTP/1.0',
      ['POST / HTTP/1.0', HOST, 'Transfer-Encoding: chunked'],
      'transfer_encoding',
      'bad_request',
    ],
    [
      'chunked twice',
      field('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
      'transfer_encoding',
      'bad_request',
    ],
    [
      'another coding',
      field('Transfer-Encoding: gzip, chunked'),
      'transfer_encoding',
      'not_implemented',
    ],
    ['identity', field('Transfer-Encoding: identity'), 'transfer_encoding', 'bad_request'],
    [
      'a coding after chunked',
      field('Transfer-Encoding: chunked, gzip'),
      'transfer_encoding',
      'bad_request',
    ],
    ['an unknown coding', field('Transfer-Encoding: xchunked'), 'transfer_encoding', 'bad_request'],
    ['an empty coding', field('Transfer-Encoding:'), 'transfer_encoding', 'bad_request'],
    ['a quoted coding', field('Transfer-Encoding: "chunked"'), 'transfer_encoding', 'bad_request'],
    [
      'a vertical tab before the coding',
      field('Transfer-Encoding: \x0bchunked'),
      'field_value',
      'bad_request',
    ],
    [
      'a no-break space before it',
      field('Transfer-Encoding: \xa0chunked'),
      'transfer_encoding',
      'bad_request',
    ],
    [
      'a parameter of the coding',
      field('Transfer-Encoding: chunked;a=b'),
      'transfer_encoding',
      'bad_request',
    ],
    // RFC 9110 §10.1.1.
    ['an expectation that is not known', field('Expect: 200-ok'), 'expect', 'expectation_failed'],
    [
      'two expectations',
      field('Expect: 100-continue', 'Expect: 100-continue'),
      'field_repeated',
      'bad_request',
    ],
    // What decides something may come once.
    [
      'two credentials',
      field('Authorization: a', 'authorization: b'),
      'field_repeated',
      'bad_request',
    ],
    ['two keys', field('X-Api-Key: a', 'x-api-key: a'), 'field_repeated', 'bad_request'],
    [
      'two content types',
      field('Content-Type: a/b', 'Content-Type: c/d'),
      'field_repeated',
      'bad_request',
    ],
    // Bounds.
    [
      'more than a hundred fields',
      field(...Array.from({ length: 100 }, (_, at) => `X-${at}: a`)),
      'head_too_large',
      'headers_too_large',
    ],
    [
      'more bytes than allowed',
      field(`X-A: ${'a'.repeat(16_384)}`),
      'head_too_large',
      'headers_too_large',
    ],
    [
      'a line longer than that',
      line(`GET /${'a'.repeat(16_384)} HTTP/1.1`),
      'head_too_large',
      'uri_too_long',
    ],
  ]

describe('a request head cannot be read', () => {
  test.each(UNREADABLE)('with %s', (_name, lines, reason, code) => {
    const outcome = parse(`${lines.join('\r\n')}\r\n\r\n`)
    expect(outcome).toBeInstanceOf(Unreadable)
    expect(outcome).toMatchObject({ reason, code })
  })

  test('when it is endless, before it ends', () => {
    expect(parse('G'.repeat(16_385))).toMatchObject({ code: 'uri_too_long' })
    expect(parse(`GET / HTTP/1.1\r\nX: ${'a'.repeat(16_384)}`)).toMatchObject({
      code: 'headers_too_large',
    })
  })

  test('when it cannot become one, such as a TLS handshake, at its first byte', () => {
    expect(parse('\x16\x03\x01')).toMatchObject({ reason: 'request_line' })
  })

  test('with any control character anywhere, except a tab in a value', () => {
    const text = 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: b c\r\n\r\n'
    const controls = [...Array.from({ length: 32 }, (_, code) => code), 127]
    for (const code of controls) {
      for (let at = 0; at <= text.length - 4; at++) {
        const outcome = parse(text.slice(0, at) + String.fromCharCode(code) + text.slice(at))
        if (!(outcome instanceof RequestHead)) continue
        // A tab where blanks are allowed.
        expect(code).toBe(9)
        expect([...outcome].length).toBe(2)
      }
    }
  })
})

test('a head as large as allowed is read', () => {
  const lines = 'GET / HTTP/1.1\r\nHost: a\r\nX-A: '
  const text = `${lines}${'a'.repeat(16_384 - lines.length - 4)}\r\n\r\n`
  expect(text.length).toBe(16_384)
  expect(parse(text)).toBeInstanceOf(RequestHead)
  expect(parse(text.replace('X-A: ', 'X-A:  '))).toBeInstanceOf(Unreadable)
})

describe('what a connection has sent before', () => {
  const NAMES = [
    'Host',
    'host',
    'Content-Length',
    'Connection',
    'Authorization',
    'X-A',
    'Expect',
    'Accept',
  ]
  const VALUES = ['a', '', '5', '0', '12', 'close', 'chunked', '100-continue', 'x\0', ' b ', '1,1']
  const START = [
    'GET /a HTTP/1.1',
    'POST /b HTTP/1.1',
    'GET http://c/ HTTP/1.1',
    'GET /a HTTP/1.0',
    'GET  /',
    'OPTIONS * HTTP/1.1',
  ]
  const anyLine = oneof(
    tuple(constantFrom(...NAMES), constantFrom(': ', ':', ' :', ''), constantFrom(...VALUES)).map(
      (parts) => parts.join(''),
    ),
    string({ maxLength: 6 }),
  )
  const anyLines = tuple(constantFrom(...START), array(anyLine, { maxLength: 6 })).map(
    ([start, fields]) => [start, 'Host: a'].concat(fields),
  )
  const textOf = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

  test('never makes a head be read otherwise than on its own', () => {
    let matched = 0
    const anyChange = tuple(anyLine, integer({ min: 0, max: 7 }), integer({ min: 0, max: 3 }))
    assert(
      property(anyLines, array(anyChange, { minLength: 1, maxLength: 4 }), (lines, changes) => {
        const template = HeadTemplate.of(textOf(lines), rules)
        // One after the other, because a template learns.
        for (const [changed, at, change] of template === undefined ? [] : changes) {
          const other = [...lines]
          if (change === 1) other[at % other.length] = changed
          else if (change === 2) other.splice(at % other.length, 1)
          else if (change === 3) other.splice(at % other.length, 0, changed)
          const text = `before${textOf(other)}behind`
          const head = template?.match(text, 6)
          if (head === undefined) continue
          matched += 1
          expect(head).toEqual(parseRequestHead(text, 6, rules) as RequestHead)
        }
      }),
      { numRuns: 5000 },
    )
    expect(matched).toBeGreaterThan(100)
  })

  test('spares reading what is the same: another key, body or path', () => {
    const lines = ['POST /a HTTP/1.1', HOST, 'Authorization: Bearer 1', 'Content-Length: 5']
    const template = HeadTemplate.of(textOf(lines), rules)!
    for (const [path, key, length] of [
      ['/b', 22, 66],
      ['/b', 22, 66],
      ['/a', 3, 7],
      ['/c', 1, 5],
    ]) {
      const fields = [`Authorization: Bearer ${key}`, `Content-Length: ${length}`]
      const text = textOf([`PUT ${path} HTTP/1.1`, HOST, ...fields])
      expect(template.match(text, 0)).toEqual(parse(text) as RequestHead)
      expect(template.match(text, 0)!.get('authorization')).toBe(`Bearer ${key}`)
    }
    expect(template.match(textOf(lines), 0)).toBe(template.match(textOf(lines), 0))
  })
})
