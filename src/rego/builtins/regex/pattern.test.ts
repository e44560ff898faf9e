import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compilePattern } from './pattern.ts'
import { isProvablyLinear } from '../../patterns/linear.ts'
import { readRe2 } from './subset.ts'

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      String.raw`\d`,
      String.raw`\w`,
      String.raw`\s`,
      String.raw`\.`,
      '^',
      '$',
      'é',
      '😀',
      String.raw`\b`,
    ),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '*?'))
      .map(([a, suffix]) => `(${a})${suffix}`),
  ),
}))
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '1', ' ', '\n', '.', 'é', '😀', '\u2028', '_'),
  maxLength: 8,
})

const runsNatively = (source: string): boolean => {
  const read = readRe2(source)
  return read !== undefined && isProvablyLinear(read, 512)
}

describe('patterns', () => {
  test('answer as RE2 does, whichever engine runs them', () => {
    fc.assert(
      fc.property(pattern, text, (source, input) => {
        expect(compilePattern(source).test(input)).toBe(RE2JS.compile(source).matcher(input).find())
      }),
      { numRuns: 2_000 },
    )
  })

  test('that could backtrack are not given to the native engine', () => {
    for (const source of [
      '(a+)+$',
      '(a|a)*b',
      '(a*)*b',
      '(.*)*x',
      '(a|ab)*c',
      'a*a*a*a*b',
      '(?:a?){30}a{30}',
    ])
      expect([source, runsNatively(source)]).toEqual([source, false])
  })

  test('that cannot are, also words that begin alike', () => {
    for (const source of ['^/(?:users|usage)/[a-z]+$', '^[a-z]+@', '(?:read|reap)', '^a{2,5}b?$'])
      expect([source, runsNatively(source)]).toEqual([source, true])
    for (const word of ['users', 'usage', 'use', 'user']) {
      const found = compilePattern('^/(?:users|usage)/').test(`/${word}/`)
      expect(found).toBe(word === 'users' || word === 'usage')
    }
  })

  test('answer on texts of any length', () => {
    for (const length of [10, 5000, 300_000]) {
      expect(compilePattern('^[a-z]+$').test('a'.repeat(length))).toBe(true)
      expect(compilePattern('^[a-z]+$').test(`${'a'.repeat(length)}!`)).toBe(false)
    }
  })

  test('answer long hostile texts in time', () => {
    const hostile = `${'a'.repeat(20_000)}!`
    for (const source of ['^(a+)+$', '^(a|a)*$', '^(a*)*b$', '^a*a*a*b$']) {
      const started = performance.now()
      expect(compilePattern(source).test(hostile)).toBe(false)
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })

  test('with what RE2 does not have are refused', () => {
    for (const source of ['(?=a)', '(?<!a)b', String.raw`(a)\1`, '(', '[a', 'a**'])
      expect(() => compilePattern(source)).toThrow('error parsing regexp')
  })

  test('take flags', () => {
    expect(compilePattern('ABC', 'i').test('xabcx')).toBe(true)
    expect(compilePattern('^b$', 'm').test('a\nb')).toBe(true)
    expect(compilePattern('a.b', 's').test('a\nb')).toBe(true)
    expect(compilePattern('a.b').test('a\nb')).toBe(false)
    expect(() => compilePattern('a', 'z')).toThrow('unknown flag z')
  })

  test('are compiled once', () => {
    expect(compilePattern('once+')).toBe(compilePattern('once+'))
  })
})
