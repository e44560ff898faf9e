import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { compile, format, RegoError, toTermText } from '../../src/rego/index.ts'
import type { CompileOptions } from '../../src/rego/index.ts'
import { parseModule } from '../../src/rego/syntax/parse-module.ts'
import { ProgramGenerator, seededRandom } from './rego-programs.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const STEPS = 200_000

/** The answer of a back end, or its errors, as text. */
function outcome(
  options: CompileOptions,
  input: Parameters<ReturnType<typeof compile>['evaluate']>[1],
): string {
  try {
    const value = compile({ ...options, steps: STEPS }).evaluate('data.t', input)
    return value === undefined ? 'undefined' : toTermText(value)
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    const { code } = error
    // Which of several conflicts is met first, and when steps run out, is left to the back end.
    return code === 'eval_conflict_error' || code === 'eval_cancel_error' ? code : error.message
  }
}

/** A syntax tree without what depends on where things stand. */
function shape(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(shape)
  if (
    typeof node !== 'object' ||
    node === null ||
    Object.getPrototypeOf(node) !== Object.prototype
  ) {
    return typeof node === 'bigint' ? String(node) : node
  }
  const hidden = new Set([
    'start',
    'end',
    'bodyStart',
    'assign',
    'source',
    'comments',
    'keywords',
    'annotations',
    'value',
  ])
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !hidden.has(key) || (key === 'value' && !isNumberTerm(node, value)))
      .map(([key, value]) => [key, shape(value)]),
  )
}

function isNumberTerm(node: object, _value: unknown): boolean {
  return 'kind' in node && node.kind === 'number'
}

describe('properties of the engine', () => {
  test('both back ends agree on generated programs', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { source, data, input } = new ProgramGenerator(seed).generate()
        const modules = { 't.rego': source }
        const generated = outcome({ modules, data, backend: 'source' }, input)
        const closures = outcome({ modules, data, backend: 'closures' }, input)
        expect(`${generated}\n${source}`).toBe(`${closures}\n${source}`)
      }),
      { numRuns: 400 },
    )
  })

  test('what is printed is parsed to the same tree, and printed the same again', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { source } = new ProgramGenerator(seed).generate()
        const printed = format('t.rego', source)
        expect(format('t.rego', printed)).toBe(printed)
        expect(shape(parseModule('t.rego', printed))).toEqual(shape(parseModule('t.rego', source)))
      }),
      { numRuns: 200 },
    )
  })

  test('no text of a policy reaches generated code outside of quoted strings', () => {
    const hostile = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(hostile, hostile, (key, text) => {
        const [k, t] = [JSON.stringify(key), JSON.stringify(text)]
        const source = `package p\n\nmarkervar := x if {\n\tmarkername := input[${k}]\n\tmarkername == ${t}\n\tx := {${k}: ${t}, "y": data.d[${k}][${t}]}\n}\n`
        const policy = compile({
          modules: { 'markerfile.rego': source },
          data: { d: { [key]: { [text]: 1 } } },
        })
        const code = policy.generated('data.p.markervar')
        const bare = code.replaceAll(/"(?:[^"\\\n\u2028\u2029]|\\.)*"/g, '""')
        expect(bare).toMatch(/^[\w\s{}()[\]=;,:<>!?.&|+\-*/"'$~^%@]*$/)
        expect(bare).not.toContain('marker')
        expect(policy.evaluate('data.p.markervar', { [key]: text })).toEqual({
          [key]: text,
          y: 1,
        } as never)
      }),
      { numRuns: 300 },
    )
  })

  test('no text makes the parser crash or hang', () => {
    const pieces = [
      'package p\n',
      'p',
      ' if ',
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      ':=',
      '=',
      '|',
      ',',
      '"a"',
      '$"{',
      '`',
      '1',
      ' in ',
      'some ',
      'every ',
      'not ',
      '\n',
      'x.y',
      ' with ',
      ' as ',
      '#',
      'else ',
      'default ',
      '.',
      '-',
      ' contains ',
    ]
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), {
          maxLength: 40,
        }),
        (parts) => {
          try {
            compile({ modules: { 'p.rego': `package p\n${parts.join('')}` } })
          } catch (error) {
            expect(error).toBeInstanceOf(RegoError)
          }
        },
      ),
      { numRuns: 1500 },
    )
  })

  test('nesting of any depth is refused or parsed, without exhausting the stack', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{', '}'],
      ['(', ')'],
      ['f(', ')'],
      ['{a|', '}'],
      ['[x|x=', ']'],
      ['$"{', '}"'],
    ] as const) {
      const text = `package p\np := ${open.repeat(20_000)}1${close.repeat(20_000)}\n`
      expect(() => compile({ modules: { 'p.rego': text } })).toThrow(RegoError)
    }
    const chain = (length: number): string => `package p\np := ${'1 + '.repeat(length)}1\n`
    expect(() => compile({ modules: { 'p.rego': chain(20_000) } })).toThrow(RegoError)
    expect(compile({ modules: { 'p.rego': chain(400) } }).evaluate('data.p.p')).toBe(401)
  })

  test('the same seed gives the same program', () => {
    const random = seededRandom(1)
    expect(new ProgramGenerator(7).generate()).toEqual(new ProgramGenerator(7).generate())
    expect(random()).not.toBe(random())
  })
})
