import { describe, expect, test } from 'bun:test'
import { compile, format, RegoError, toJson } from '../index.ts'
import { parseModule } from '../syntax/parse-module.ts'
import { ANSWERS } from './logical-answers.fixture.ts'
import { REFUSALS } from './logical-refusals.fixture.ts'

const IMPORTS =
  'import future.keywords.and\nimport future.keywords.or\nimport future.keywords.not\n'

function moduleOf(program: string): string {
  return program.startsWith('~')
    ? `package p\n${program.slice(1)}\n`
    : `package p\n${IMPORTS}${program}\n`
}

function answer(text: string, backend: 'source' | 'closures'): unknown {
  const value = compile({ backend, modules: { 'p.rego': text } }).evaluate('data.p')
  return value === undefined ? undefined : toJson(value)
}

function problems(text: string): unknown {
  try {
    compile({ modules: { 'p.rego': text } })
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    return error.errors.map(({ message, code, location }) => [
      message,
      code,
      location?.row,
      location?.col,
    ])
  }
  return []
}

/** A syntax tree without the places of its nodes. */
function shape(text: string): string {
  const { rules } = parseModule('p.rego', text)
  const places = new Set(['start', 'end', 'bodyStart', 'raw'])
  return JSON.stringify(rules, (key, value: unknown) => (places.has(key) ? undefined : value))
}

describe('`and`, `or` and `not { … }`', () => {
  test.each(ANSWERS)('answer as OPA does: %s', (program, expected) => {
    const text = moduleOf(program)
    expect(answer(text, 'source')).toEqual(expected)
    expect(answer(text, 'closures')).toEqual(expected)
  })

  test.each(REFUSALS)('are refused as OPA does: %s', (program, ...errors) => {
    expect(problems(moduleOf(program))).toEqual(errors)
  })

  test('are the same after formatting, and formatting again changes nothing', () => {
    for (const [program] of ANSWERS) {
      const text = moduleOf(program)
      const tidy = format('p.rego', text)
      expect(format('p.rego', tidy)).toBe(tidy)
      expect(shape(tidy)).toBe(shape(text))
    }
  })

  test('are written in one line unless they were not', () => {
    const text = moduleOf(
      'a if {\n not {\n1==2\n}\n true or\n false\n ((true or false)) and true\n not ({1}) and {{1}} and {not {1}}\n}\nb if {x:=1;x==1} or true and (false or true)',
    )
    expect(format('p.rego', text).split('\n\n').slice(2).join('\n\n')).toBe(
      'a if {\n\tnot {\n\t\t1 == 2\n\t}\n\ttrue or\n\t\tfalse\n\t(true or false) and true\n\tnot ({1}) and { {1} } and { not { 1 } }\n}\n\nb if { x := 1; x == 1 } or true and (false or true)\n',
    )
  })

  test('nest only so deep', () => {
    for (const [open, close] of [
      ['(true or ', ')'],
      ['not {', '}'],
      ['{', '} or true'],
    ] as const) {
      const text = moduleOf(`a if { ${open.repeat(2000)}true${close.repeat(2000)} }`)
      expect(() => parseModule('p.rego', text)).toThrow(RegoError)
    }
  })
})
