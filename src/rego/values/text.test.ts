import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  equals,
  makeObject,
  parseJson,
  parseNumber,
  RSet,
  stringifyJson,
  toJson,
  toTermText,
} from './index.ts'
import type { Value } from './index.ts'

describe('JSON', () => {
  test('written and read again is the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value = json as Value
        expect(equals(parseJson(stringifyJson(value)), value)).toBe(true)
        expect(equals(parseJson(stringifyJson(value, { indent: '  ' })), value)).toBe(true)
      }),
    )
  })

  test('keeps every integer exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (integer) => {
        expect(stringifyJson(parseJson(`[${integer}]`))).toBe(`[${integer}]`)
      }),
    )
    expect(stringifyJson(parseJson('{"id":9007199254740993}'))).toBe('{"id":9007199254740993}')
  })

  test('refuses what is not JSON', () => {
    for (const text of [
      '',
      '{',
      '[1,]',
      '{"a":1,}',
      '01',
      '1 2',
      "'a'",
      'NaN',
      '"\u0001"',
      '[9007199254740993,]',
    ])
      expect(() => parseJson(text)).toThrow()
  })

  test('reads keys that name the prototype as ordinary keys', () => {
    const value = parseJson('{"__proto__": 9007199254740993, "constructor": 2}')
    expect(stringifyJson(value)).toBe('{"__proto__":9007199254740993,"constructor":2}')
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
  })

  test('nested without end is refused, not a crash', () => {
    const deep = '['.repeat(200_000)
    expect(() => parseJson(`${deep}9007199254740993`)).toThrow()
  })

  test('writes sets as sorted arrays and other keys as their text', () => {
    const value = makeObject([
      [1, RSet.from([2, 1])],
      [['a'], true],
      ['s', null],
    ])
    expect(stringifyJson(value)).toBe('{"1":[1,2],"[\\"a\\"]":true,"s":null}')
    expect(toJson(value)).toEqual({ 1: [1, 2], '["a"]': true, s: null })
  })

  test('escapes what HTML would read only when asked to', () => {
    expect(stringifyJson('<&>')).toBe('"<&>"')
    expect(stringifyJson('<&>', { escapeHtml: true })).toBe(String.raw`"\u003c\u0026\u003e"`)
  })
})

test('terms are written as OPA writes them', () => {
  const cases: [Value, string][] = [
    [RSet.from([]), 'set()'],
    [{}, '{}'],
    [RSet.from(['b', 'a']), '{"a", "b"}'],
    [
      makeObject([
        ['a', [1, 2.5]],
        [3, RSet.from(['x'])],
      ]),
      '{3: {"x"}, "a": [1, 2.5]}',
    ],
    ['tab\t"quote"', String.raw`"tab\t\"quote\""`],
    [parseNumber('123456789012345678901234567890'), '123456789012345678901234567890'],
    [[null, true], '[null, true]'],
  ]
  for (const [value, text] of cases) expect(toTermText(value)).toBe(text)
})
