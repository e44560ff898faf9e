import { describe, expect, test } from 'bun:test'
import { parse } from './request-head.fixture.ts'
import { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

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
