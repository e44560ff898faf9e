import { describe, expect, test } from 'bun:test'
import { answerFrom } from './answer.ts'
import { cacheStatus } from './cache-status.ts'
import { T0, DATE, FRESH, at, storedOf } from './decisions.fixture.ts'
import type { Field } from './fields.ts'
import { readFields } from './fields.ts'
import type { StoredResponse } from './stored-response.ts'
import { conditionsOf } from './stored-response.ts'
import { describesStored, updatedFields } from './update.ts'

/** What clients get of what is stored, and how it is renewed. */

function answer(
  stored: StoredResponse,
  fields: readonly Field[] = [],
  method = 'GET',
): { status: number; body: string | null; get: (name: string) => string | null } {
  const made = answerFrom({ method, fields: readFields(fields) }, stored, T0 + 7900)
  const { body } = made
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : null
  return { status: made.status, body: text, get: (name) => made.get(name) }
}

describe('answers from what is stored', () => {
  test('carry Age, the Date of the origin, and nothing of one connection (§3.1, §5.1)', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['age', '30'],
      ['connection', 'a, b'],
      ['a', '1'],
      ['c', '3'],
      ['keep-alive', 'x'],
      ['proxy-authenticate', 'x'],
      ['te', 'x'],
      ['upgrade', 'x'],
      ['transfer-encoding', 'chunked'],
    ])
    const made = answer(stored)
    expect(made.get('age')).toBe('37')
    expect(made.get('date')).toBe(DATE[1])
    expect(made.get('c')).toBe('3')
    for (const name of [
      'connection',
      'a',
      'keep-alive',
      'proxy-authenticate',
      'te',
      'upgrade',
      'transfer-encoding',
    ]) {
      expect(made.get(name)).toBeNull()
    }
  })

  test('leave out the fields that no-cache and private name', () => {
    const fields: Field[] = [
      ['cache-control', 'max-age=60, no-cache="a", private="b"'],
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]
    const made = answer(storedOf(fields))
    expect([made.get('a'), made.get('b'), made.get('c')]).toEqual([null, null, '3'])
  })

  test('are 304 for a client that has it; If-None-Match goes before If-Modified-Since', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['etag', '"abc"'],
      ['last-modified', at(-100)],
      ['content-type', 'a/b'],
    ])
    const made = answer(stored, [
      ['if-none-match', '"x", W/"abc"'],
      ['if-modified-since', at(-500)],
    ])
    expect([made.status, made.body, made.get('etag'), made.get('content-type')]).toEqual([
      304,
      null,
      '"abc"',
      null,
    ])
    expect(
      answer(stored, [
        ['if-none-match', '"x"'],
        ['if-modified-since', at(0)],
      ]).status,
    ).toBe(200)
    expect(answer(stored, [['if-modified-since', at(-100)]]).status).toBe(304)
    expect(answer(stored, [['if-modified-since', at(-101)]]).status).toBe(200)
    expect(answer(stored, [['if-modified-since', 'nonsense']]).status).toBe(200)
  })

  test('without Last-Modified, Date stands for it (§4.3.2)', () => {
    const stored = storedOf([FRESH, DATE])
    expect(answer(stored, [['if-modified-since', at(0)]]).status).toBe(304)
    expect(answer(stored, [['if-modified-since', at(-1)]]).status).toBe(200)
  })

  test('are parts for ranges, with If-Range judged strongly', () => {
    const stored = storedOf([FRESH, DATE, ['etag', '"abc"'], ['last-modified', at(-100)]])
    const part = answer(stored, [['range', 'bytes=2-4']])
    expect([part.status, part.body, part.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    expect(answer(stored, [['range', 'bytes=20-']]).status).toBe(416)
    expect(answer(stored, [['range', 'bytes=0-1,4-5']]).body).toBe('0123456789')
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', '"abc"'],
      ]).status,
    ).toBe(206)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', 'W/"abc"'],
      ]).status,
    ).toBe(200)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', at(-100)],
      ]).status,
    ).toBe(206)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', at(-99)],
      ]).status,
    ).toBe(200)
    expect(answer(stored, [['range', 'bytes=0-0']], 'HEAD').status).toBe(200)
  })

  test('to HEAD have the length and no body', () => {
    const made = answer(storedOf([FRESH]), [], 'HEAD')
    expect([made.status, made.body, made.get('content-length')]).toEqual([200, null, '10'])
  })

  test('get a strong ETag made of their bytes where the origin gave none, never used to ask it', () => {
    const stored = storedOf([FRESH])
    const etag = answer(stored).get('etag') ?? ''
    expect(etag).toMatch(/^"t-[\w-]{27}"$/)
    expect(answer(stored, [['if-none-match', etag]]).status).toBe(304)
    expect(answer(storedOf([FRESH], 'other')).get('etag')).not.toBe(etag)
    expect(conditionsOf(stored)).toEqual([])
    expect(answer(storedOf([FRESH], 'x', 404)).get('etag')).toBeNull()
  })
})

test('what is stored keeps nothing else in memory', () => {
  const read = Buffer.alloc(65_536, 'x')
  const stored = storedOf([FRESH], read.subarray(100, 110))
  expect([stored.body.length, stored.body.buffer.byteLength]).toEqual([10, 10])
})

describe('renewal', () => {
  test('a 304 replaces fields, but not those that describe the stored bytes (§3.2)', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['etag', '"a"'],
      ['x', '1'],
      ['y', '1'],
      ['content-encoding', 'br'],
    ])
    const fields = readFields(
      updatedFields(stored, [
        ['x', '2'],
        ['content-encoding', 'gzip'],
        ['content-length', '99'],
        ['content-range', 'bytes 0-1/2'],
        ['etag', '"other"'],
        ['content-type', 'text/html'],
        ['connection', 'z'],
        ['z', '9'],
      ]),
    )
    const names = ['x', 'y', 'content-encoding', 'content-range', 'etag', 'content-type', 'z']
    expect(names.map((name) => fields.get(name))).toEqual([
      '2',
      '1',
      'br',
      null,
      '"a"',
      'text/html',
      null,
    ])
  })

  test('a HEAD speaks of what is stored when no validator and no length differs (§4.3.5)', () => {
    const stored = storedOf([FRESH, ['etag', '"a"'], ['last-modified', at(-9)]])
    const same = (...fields: Field[]): boolean => describesStored(stored, readFields(fields))
    expect(same()).toBe(true)
    expect(same(['etag', '"a"'], ['content-length', '10'], ['last-modified', at(-9)])).toBe(true)
    expect(same(['etag', '"b"'])).toBe(false)
    expect(same(['content-length', '11'])).toBe(false)
    expect(same(['last-modified', at(-8)])).toBe(false)
  })

  test('conditions are made of the validators of the origin, as it wrote them', () => {
    expect(conditionsOf(storedOf([FRESH, ['etag', 'W/"a"'], ['last-modified', at(-9)]]))).toEqual([
      ['if-none-match', 'W/"a"'],
      ['if-modified-since', at(-9)],
    ])
    expect(conditionsOf(storedOf([FRESH, ['etag', 'abc']]))).toEqual([['if-none-match', 'abc']])
  })
})

test('Cache-Status says what happened, behind the caches before (RFC 9211)', () => {
  expect(cacheStatus({ hit: true, ttlS: 37.9 })).toBe('Tollgate; hit; ttl=37')
  expect(
    cacheStatus(
      { hit: false, fwd: 'stale', fwdStatus: 304, stored: true, collapsed: true },
      'Origin; hit',
    ),
  ).toBe('Origin; hit, Tollgate; fwd=stale; fwd-status=304; stored; collapsed')
})
