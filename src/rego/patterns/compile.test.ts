import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { RE2JS } from 're2js'
import { isProvablyLinear } from './linear.ts'
import { parsePattern } from './parse.ts'
import { toRe2 } from './re2-syntax.ts'
import { compileEcmaPattern } from './compile.ts'

const engineOf = (source: string): string => {
  const compiled = compileEcmaPattern(source)
  return compiled.ok ? compiled.engine : compiled.message
}

describe('which engine runs a pattern', () => {
  test.each([
    '^[a-z]+$',
    '^[a-z0-9-]{1,2000}$',
    '^[a-z]+(?:-[a-z]+)*$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^(?:red|green|blue)$',
    '^#[0-9a-fA-F]{6}$',
    '^\\p{L}+$',
    'abc',
    '^(?:\\/(?:[^~/]|~[01])*)*$',
  ])('%s is proven linear and runs natively', (source) => {
    expect(engineOf(source)).toBe('native')
  })

  test.each([
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^(?:a*)*$',
    '^(a?){30}a{30}$',
    '^a*a*$',
    '^([a-z]+)*[a-z]$',
    '(x+x+)+y',
    '[a-z]+@',
    '^(?:a{1,3}){1,3}$',
    '^(?:a?|b?)(?:a?|b?)$',
    '^(?:(?:a?){2}){2}b',
    '^.*foo$',
  ])('%s might backtrack and is left to automata', (source) => {
    expect(engineOf(source)).toBe('re2')
  })

  test.each([
    ['(?=a)b', 'lookahead'],
    ['(?!a)b', 'lookahead'],
    ['(?<=a)b', 'lookbehind'],
    ['(?<!a)b', 'lookbehind'],
    ['(a)\\1', 'backreference'],
    ['(?<x>a)\\k<x>', 'backreference'],
  ])('%s is refused and the message names the construct', (source, construct) => {
    const compiled = compileEcmaPattern(source)
    expect(compiled.ok).toBe(false)
    if (!compiled.ok) expect(compiled.message).toContain(construct)
  })

  test('what is not a regular expression is refused', () => {
    expect(compileEcmaPattern('[a-').ok).toBe(false)
    expect(compileEcmaPattern('a{2,1}').ok).toBe(false)
    expect(compileEcmaPattern('x'.repeat(5000)).ok).toBe(false)
  })
})

describe('what a pattern matches', () => {
  test.each([
    ['^\\s+$', '\u00a0\u2003\ufeff'],
    ['^.$', '\u2028'],
    ['^.$', '\r'],
    ['^\\W$', 'é'],
    ['^\\cA\\x41\\u0042\\u{43}\\0$', '\u0001ABC\0'],
    ['^[\\b]$', '\b'],
    ['^[^]$', '\n'],
    ['^[]$', 'a'],
    ['^\\ud83d\\ude00$', '😀'],
    ['^[😀-😂]$', '😁'],
    ['^[\\]\\-x]+$', ']-x'],
    ['^[\\d-]+$', '1-2'],
    ['\\bfoo\\b', 'a foo b'],
    ['\\Boo', 'foo'],
    ['^(?<year>\\d{4})$', '2026'],
    ['^\\p{Letter}\\p{Script=Greek}[^\\p{Lu}x]$', 'aαb'],
    ['^a{0}b$', 'b'],
    ['^(?:)$', ''],
    ['a|^b|c$', 'xc'],
  ])('%s means to RE2 what it means to ECMAScript', (source, text) => {
    const parsed = parsePattern(source)
    if (!parsed.ok) throw new Error(parsed.unsupported)
    const automaton = RE2JS.compile(toRe2(parsed.pattern))
    for (const sample of [text, `${text}!`, '', 'a', '\n', text.slice(1)]) {
      expect(automaton.test(sample)).toBe(new RegExp(source, 'u').test(sample))
    }
  })

  const atom = fc.constantFrom(
    'a',
    'b',
    '[ab]',
    '[^a]',
    '.',
    '\\w',
    '\\s',
    '\\.',
    '(?:ab|c)',
    '(a)',
  )
  const term = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
    .map(([part, quantifier]) => part + quantifier)
  const source = fc
    .tuple(
      fc.constantFrom('', '^'),
      fc.array(fc.oneof(term, fc.constant('|'), fc.constant('(?:a|b*)*')), { maxLength: 6 }),
      fc.constantFrom('', '$'),
    )
    .map(([start, parts, end]) => start + parts.join('') + end)
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', '.', ' ', '\n', 'é'),
    maxLength: 8,
  })

  test('any pattern and text get the answer of ECMAScript', () => {
    fc.assert(
      fc.property(source, fc.array(text, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        const compiled = compileEcmaPattern(pattern)
        if (!compiled.ok) throw new Error(compiled.message)
        const parsed = parsePattern(pattern)
        if (!parsed.ok) throw new Error(parsed.unsupported)
        const automaton = RE2JS.compile(toRe2(parsed.pattern))
        for (const sample of texts) {
          const expected = new RegExp(pattern, 'u').test(sample)
          expect(compiled.matcher.test(sample)).toBe(expected)
          expect(automaton.test(sample)).toBe(expected)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('a pattern proven linear makes a backtracking matcher take few steps', () => {
    fc.assert(
      fc.property(source, fc.constantFrom('a', 'b', 'ab', 'ba'), (pattern, unit) => {
        const parsed = parsePattern(pattern)
        if (!parsed.ok || !isProvablyLinear(parsed.pattern)) return
        const steps = (length: number): number =>
          countSteps(parsed.pattern, `${unit.repeat(length)}\n!`)
        expect(steps(64)).toBeLessThanOrEqual(steps(16) * 4 + 2000)
      }),
      { numRuns: 600 },
    )
  })

  test('long texts are matched rightly where the native engine gives up', () => {
    const compiled = compileEcmaPattern('^(?:ab)*$')
    if (!compiled.ok) throw new Error(compiled.message)
    expect(compiled.matcher.test('ab'.repeat(2_000_000))).toBe(true)
    expect(compiled.matcher.test(`${'ab'.repeat(2_000_000)}a`)).toBe(false)
  })
})

type Pattern = Extract<ReturnType<typeof parsePattern>, { ok: true }>['pattern']

/** Steps of a plain backtracking matcher on every start position, for patterns as parsed. */
function countSteps(pattern: Pattern, text: string): number {
  let steps = 0
  const match = (node: Pattern, at: number, next: (at: number) => boolean): boolean => {
    steps++
    if (steps > 1_000_000) return true
    if (node.kind === 'chars') {
      const code = text.codePointAt(at)
      if (code === undefined) return false
      return node.set.some(([from, to]) => from <= code && code <= to) && next(at + 1)
    }
    if (node.kind === 'assertion') {
      const holds = { start: at === 0, end: at === text.length, boundary: true, inside: true }
      return holds[node.at] && next(at)
    }
    if (node.kind === 'sequence') {
      const run = (index: number, from: number): boolean =>
        index === node.parts.length
          ? next(from)
          : match(node.parts[index]!, from, (to) => run(index + 1, to))
      return run(0, at)
    }
    if (node.kind === 'choice') {
      return node.options.some((option) => match(option, at, next))
    }
    const again = (count: number, from: number): boolean => {
      const more = (): boolean =>
        count < node.max &&
        match(node.part, from, (to) => (to > from || count < node.min) && again(count + 1, to))
      return more() || (count >= node.min && next(from))
    }
    return again(0, at)
  }
  for (let at = 0; at <= text.length; at++) if (match(pattern, at, () => true)) break
  return steps
}
