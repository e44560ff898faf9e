import { describe, expect, test } from 'bun:test'
import { compile, RegoError, renderErrors } from '../index.ts'
import { ERRORS } from './errors.fixture.ts'

function errorsOf(source: string): RegoError {
  try {
    compile({ modules: { 'test.rego': `package test\n${source}\n` } })
  } catch (error) {
    if (error instanceof RegoError) return error
    throw error
  }
  throw new Error(`no error for: ${source}`)
}

describe('errors of compilation', () => {
  test.each(ERRORS)('%s', (source, code, message, row, col) => {
    const [first] = errorsOf(source).errors
    expect(first).toEqual({ code, message, location: { file: 'test.rego', row, col } } as never)
  })

  test('several statements with errors are all told, up to a limit', () => {
    const { errors } = errorsOf('p := {1 2}\nq := [1,]]\nr if { x == }\ns := 1')
    expect(errors.map(({ location }) => location?.row)).toEqual([2, 3, 4])
    const many = Array.from({ length: 30 }, (_, i) => `p${String(i)} := x${String(i)}`).join('\n')
    expect(errorsOf(many).errors).toHaveLength(11)
    expect(errorsOf(many).errors.at(-1)?.message).toBe('error limit reached')
  })

  test('a later stage is silent while an earlier one has errors', () => {
    const codes = errorsOf('p := x\nq if q').errors.map(({ code }) => code)
    expect(codes).toEqual(['rego_unsafe_var_error'])
  })

  test('errors are rendered with their line and a caret', () => {
    const source = 'package test\np := f(1)\n'
    const text = renderErrors(errorsOf('p := f(1)').errors, { 'test.rego': source })
    expect(text).toBe(
      'test.rego:2:6: rego_type_error: undefined function f\n\tp := f(1)\n\t     ^\n',
    )
  })

  test.each([
    ["p if input.x == 'a'", 'double quotes'],
    ['p if !input.x', '`not`'],
    ['p if { input.x && input.y }', '`;`'],
    ['p if input.x || input.y', 'one more rule'],
    ['p if { for x in input.y { x } }', '`some x in xs`'],
    ['p { input.x }', '`if` before the body'],
    ['p[x] { x := 1 }', '`name contains value'],
    ['p if input.x == True', '`true`'],
    ['p if input.x == False', '`false`'],
    ['p if input.x == None', '`null`'],
    ['p if inptu.x', 'nothing gives it a value'],
    ['p if { input.x', 'not closed'],
  ])('%s: what was probably meant stands beneath', (source, hint) => {
    const module = `package test\n${source}\n`
    const lines = renderErrors(errorsOf(source).errors, { 'test.rego': module }).split('\n')
    expect(lines.at(-2)).toStartWith('\t= ')
    expect(lines.at(-2)).toContain(hint)
  })
})

describe('errors of evaluation', () => {
  const failing = (source: string, query = 'data.test'): RegoError => {
    const policy = compile({ modules: { 'test.rego': `package test\n${source}\n` }, steps: 10_000 })
    try {
      policy.query(query, { strictBuiltinErrors: true })
    } catch (error) {
      if (error instanceof RegoError) return error
      throw error
    }
    throw new Error('no error')
  }

  test('a complete rule with two values is a conflict, told where it is', () => {
    const error = failing('p := 1\np := 2')
    expect(error.code).toBe('eval_conflict_error')
    expect(error.message).toContain(
      'test.rego:3: eval_conflict_error: complete rules must not produce multiple outputs',
    )
  })

  test('a function with two values for the same arguments is a conflict', () => {
    const error = failing('f(x) := x\nf(x) := x + 1\np := f(1)')
    expect(error.message).toContain('functions must not produce multiple outputs for same inputs')
  })

  test('two values for one key are a conflict', () => {
    expect(
      failing('p[x] := y if some x, y in {"a": 1}\np[x] := y if some x, y in {"a": 2}').message,
    ).toContain('object keys must be unique')
    expect(failing('p := {x: y | some y in [1, 2]; x := "a"}').message).toContain(
      'object keys must be unique',
    )
  })

  test('a failing built-in is undefined, and an error where errors are strict', () => {
    expect(failing('p := 1 / 0').code).toBe('eval_builtin_error')
    const policy = compile({ modules: { 'test.rego': 'package test\np := 1 / 0' } })
    expect(policy.evaluate('data.test.p')).toBeUndefined()
  })

  test('a policy that would run too long is stopped', () => {
    const error = failing(
      'p := count({[a, b, c] | some a in numbers.range(1, 99); some b in numbers.range(1, 99); some c in numbers.range(1, 99)})',
    )
    expect(error.code).toBe('eval_cancel_error')
  })

  test('an evaluation is not begun when its signal is aborted already', () => {
    const policy = compile({ modules: { 'test.rego': 'package test\np := 1' } })
    expect(() =>
      policy.evaluate('data.test.p', undefined, { signal: AbortSignal.abort() }),
    ).toThrow(RegoError)
    expect(policy.evaluate('data.test.p')).toBe(1)
  })
})
