import { describe, expect, test } from 'bun:test'
import { constantFrom, array, assert, integer, oneof, property, string, tuple } from 'fast-check'
import { HeadTemplate } from './head-template.ts'
import { parseRequestHead } from './parse-request-head.ts'
import { parse, rules, said } from './request-head.fixture.ts'
import type { RequestHead } from './request-head.ts'

const HOST = 'Host: a'

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
  const VALUES = [
    'a',
    '',
    '5',
    '0',
    '12',
    'close',
    'chunked',
    '100-continue',
    'x\0',
    ' b ',
    '1,1',
  ].concat('x-a', 'close, accept')
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
          expect(said(head)).toEqual(said(parseRequestHead(text, 6, rules)))
        }
      }),
      { numRuns: 5000 },
    )
    expect(matched).toBeGreaterThan(100)
  })

  test('shows where the one value that changes stands, and never reads it otherwise', () => {
    const value = string({
      unit: constantFrom('a', 'é', ' ', '\t', '\r', '\n', '\0', '\x7f', ':', '\r\n'),
      maxLength: 8,
    })
    const textWith = (credential: string): string =>
      textOf(['GET /a HTTP/1.1', HOST, `Authorization:${credential}`, 'Accept: b'])
    let shown = 0
    assert(
      property(array(value, { minLength: 1, maxLength: 6 }), (values) => {
        const template = HeadTemplate.of(textWith(' Bearer 1'), rules)!
        template.match(textWith(' Bearer 2'), 0)
        for (const each of values) {
          const text = `before${textWith(each)}behind`
          const whole = parseRequestHead(text, 6, rules)
          const head = template.match(text, 6)
          if (head === undefined) continue
          expect(said(head)).toEqual(said(whole))
          const span = head.place('authorization')
          if (span === undefined) continue
          shown += 1
          expect(span.text.slice(span.from, span.to)).toBe(head.get('Authorization')!)
          expect([...head]).toEqual([...(whole as RequestHead)])
          expect(head.place('accept')).toBeUndefined()
        }
        for (const each of values) {
          const whole = textWith(each)
          const cut = whole.slice(0, whole.length - 1)
          expect(said(template.match(cut, 0))).toEqual(undefined)
        }
      }),
      { numRuns: 2000 },
    )
    expect(shown).toBeGreaterThan(1000)
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
      expect(said(template.match(text, 0))).toEqual(said(parse(text)))
      expect(template.match(text, 0)!.get('authorization')).toBe(`Bearer ${key}`)
    }
    expect(template.match(textOf(lines), 0)).toBe(template.match(textOf(lines), 0))
  })
})
