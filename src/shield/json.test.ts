import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { utf8 } from '../core/bytes.ts'
import { hasDuplicateKey } from './json-keys.ts'
import { readJson } from './json.ts'

const bounds = { depthMax: 4 }
const isAccepted = (text: string): boolean => readJson(text, bounds).ok

describe('readJson', () => {
  test('whatever is JSON within the bounds is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.boolean(), (text, asBytes) => {
        const outcome = readJson(asBytes ? utf8(text) : text, { depthMax: 8 })
        if (/__proto__|constructor|prototype|\\ud/.test(text)) return
        expect(outcome).toEqual({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  test.each(['', '{', '{"a":1,}', "{'a':1}", '[1 2]', 'NaN', '\ufeff{}', '{"a":01}'])(
    '%j is not JSON and is refused as such',
    (text) => {
      const outcome = readJson(text, bounds)
      expect(outcome.ok ? 'accepted' : outcome.refusal.code).toBe('json_invalid')
    },
  )

  test('a refusal never repeats what was sent', () => {
    const outcome = readJson('{"secret":"hunter2"', bounds)
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  test.each([
    '{"__proto__":{"isAdmin":true}}',
    '{"a":[{"constructor":1}]}',
    '{"a":{"prototype":{}}}',
    '{"\\u005f_proto__":1}',
    '{"constr\\u0075ctor":1}',
  ])('a name that reaches a prototype is refused: %s', (text) => {
    expect(isAccepted(text)).toBe(false)
  })

  test('the same words as values are nothing special', () => {
    expect(isAccepted('{"class":"__proto__","b":["constructor","prototype"]}')).toBe(true)
  })

  test.each([
    '{"role":"viewer","role":"admin"}',
    '{"a":{"b":1,"c":2,"b":3}}',
    '[{"a":1},{"x":1,"x":2}]',
    '{"a":1,"\\u0061":2}',
    '{"a:b":1,"c":":","c":2}',
    '{"a" : 1 , "a" \n: 2}',
    '{"a\\"":1,"a\\"":2}',
  ])('a name given twice is refused, for two programs may read two values: %s', (text) => {
    expect(isAccepted(text)).toBe(false)
  })

  test.each([
    '{"a":1,"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a:b","b":"::"}',
    '{"a":"\\"a\\":1","b":1}',
    '{"a\\\\":1,"b":"x:"}',
  ])('the same name in different objects is not twice: %s', (text) => {
    expect(isAccepted(text)).toBe(true)
  })

  test('a name is found to be twice wherever it is put', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 6 })
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), fc.nat(), (names, pick) => {
        const members = names.map((each) => `${JSON.stringify(each)}:":"`)
        const once = `{${members.join()}}`
        const twice = `{${[...members, members[pick % members.length]].join()}}`
        expect(hasDuplicateKey(once)).toBe(false)
        expect(hasDuplicateKey(twice)).toBe(true)
      }),
    )
  })

  test('nesting beyond the bound is refused, at the bound accepted', () => {
    expect(isAccepted('[[[[1]]]]')).toBe(true)
    expect(isAccepted('[[[[[1]]]]]')).toBe(false)
    expect(isAccepted('{"a":{"a":{"a":{"a":{}}}}}')).toBe(false)
    expect(isAccepted('['.repeat(500_000) + ']'.repeat(500_000))).toBe(false)
  })

  test.each(['1e400', '-1e999', '{"a":[1e309]}'])('%s is beyond a double and refused', (text) => {
    expect(isAccepted(text)).toBe(false)
  })

  test('bytes that are not UTF-8 and byte order marks are refused', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    ]) {
      expect(readJson(Uint8Array.from(bytes), bounds).ok).toBe(false)
    }
    expect(readJson(utf8('"é😀"'), bounds)).toEqual({ ok: true, value: 'é😀' })
  })

  test('half a surrogate pair is refused, a whole one is a character', () => {
    expect(isAccepted('"\\ud800"')).toBe(false)
    expect(isAccepted('{"\\udc00":1}')).toBe(false)
    expect(readJson('"\\ud83d\\ude00"', bounds)).toEqual({ ok: true, value: '😀' })
  })
})
