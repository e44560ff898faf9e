import { describe, expect, test } from 'bun:test'
import { compile, RegoError, renderErrors } from '../index.ts'

type Row = readonly [source: string, code: string, message: string, row: number, col: number]

/** What the language's documentation calls an error, and where. */
const ERRORS: readonly Row[] = [
  [
    'default f(x) := x',
    'rego_parse_error',
    'illegal default rule (value cannot contain var)',
    2,
    1,
  ],
  [
    'default f(x, x) := 1',
    'rego_parse_error',
    'illegal default rule (arguments cannot be repeated x)',
    2,
    1,
  ],
  [
    'default f(1) := 1',
    'rego_parse_error',
    'illegal default rule (arguments cannot contain number)',
    2,
    1,
  ],
  ['default p contains 1', 'rego_parse_error', 'illegal default rule (must have a value)', 2, 1],
  ['default p := x', 'rego_parse_error', 'illegal default rule (value cannot contain var)', 2, 1],
  [
    'f(x) contains 1',
    'rego_parse_error',
    'unexpected contains keyword: the contains keyword can only be used with multi-value rule definitions (e.g., f contains <VALUE> { ... })',
    2,
    6,
  ],
  [
    'p contains x if { x := 1 } else := 2',
    'rego_parse_error',
    'else keyword cannot be used on multi-value rules',
    2,
    28,
  ],
  ['p := "a', 'rego_parse_error', 'non-terminated string', 2, 6],
  ['p := "\\z"', 'rego_parse_error', 'illegal escape sequence', 2, 6],
  [
    'p := 01',
    'rego_parse_error',
    'unexpected number token: expected number without leading zero',
    2,
    6,
  ],
  ['p := 1.', 'rego_parse_error', 'expected fraction', 2, 6],
  ['p := 1a', 'rego_parse_error', 'illegal number format', 2, 6],
  ['p := `abc', 'rego_parse_error', 'non-terminated string', 2, 6],
  ['p := @', 'rego_parse_error', 'illegal token', 2, 6],
  ['p if 1 2', 'rego_parse_error', 'number cannot be used for rule name', 2, 8],
  ['p if { x := }', 'rego_parse_error', 'unexpected } token', 2, 13],
  [
    'p := 1 if { a b }',
    'rego_parse_error',
    'unexpected identifier token: expected \\n or ; or }',
    2,
    15,
  ],
  [
    'import foo',
    'rego_parse_error',
    'unexpected import path, must begin with one of: {data, future, input, rego}, got: foo (hint: if this is unexpected, try updating OPA)',
    2,
    8,
  ],
  ['p.q', 'rego_parse_error', '`contains` keyword is required for partial set rules', 2, 1],
  ['p', 'rego_parse_error', 'var cannot be used for rule name', 2, 1],
  ['p[1]', 'rego_parse_error', '`contains` keyword is required for partial set rules', 2, 1],
  ['5 := 1', 'rego_parse_error', 'number cannot be used for rule name', 2, 1],
  ['p := 1 { true }', 'rego_parse_error', '`if` keyword is required before rule body', 2, 1],
  ['p { true }', 'rego_parse_error', '`if` keyword is required before rule body', 2, 1],
  ['f(x) { true }', 'rego_parse_error', '`if` keyword is required before function body', 2, 1],
  ['p if { every x in xs }', 'rego_parse_error', 'unexpected } token: missing body', 2, 22],
  ['p if some 1', 'rego_parse_error', 'unexpected number token: expected var', 2, 11],
  ['p if with', 'rego_parse_error', 'unexpected with keyword', 2, 6],
  ['p if { a := 1; }', 'rego_parse_error', 'unexpected } token', 2, 16],
  ['else := 1', 'rego_parse_error', 'unexpected else keyword', 2, 1],
  ['p := 1 else := 2', 'rego_parse_error', 'unexpected else keyword', 2, 8],
  ['p := $"{x"', 'rego_parse_error', 'non-terminated string', 2, 10],
  [
    'p if { not some x in [1] }',
    'rego_parse_error',
    "unexpected some keyword: illegal negation of 'some'",
    2,
    12,
  ],
  ['p := {1,2:3}', 'rego_parse_error', 'unexpected : token: expected "," or "}"', 2, 10],
  ['p := "abc"[0]', 'rego_parse_error', 'illegal ref (head cannot be string)', 2, 6],
  ['p if x with input as 1 as 2', 'rego_parse_error', 'unexpected as keyword', 2, 24],
  ['p if { true }; q := 1', 'rego_parse_error', 'unexpected ; token', 2, 14],
  ['p if { not not 1 }', 'rego_parse_error', 'unexpected not keyword', 2, 12],
  ['p contains 1,', 'rego_parse_error', 'unexpected , token', 2, 13],
  ['p := $"\\{x\\}"', 'rego_parse_error', 'illegal escape sequence', 2, 6],
  ['import rego.v2', 'rego_parse_error', 'invalid import `rego.v2`, must be `rego.v1`', 2, 8],
  [
    'p if { x := 1 x == 1 }',
    'rego_parse_error',
    'unexpected identifier token: expected \\n or ; or }',
    2,
    15,
  ],
  ['p if { input.x == 1; x := input.y[i]; z }', 'rego_unsafe_var_error', 'var z is unsafe', 2, 39],
  ['p[x] := y if { x := 1 }', 'rego_unsafe_var_error', 'var y is unsafe', 2, 9],
  ['p contains x if { not x == 1 }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 19],
  ['f(x) := y if { x }', 'rego_unsafe_var_error', 'var y is unsafe', 2, 9],
  ['p if { x := [x | input.y]; true }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { every x in y { x == z } }', 'rego_unsafe_var_error', 'var y is unsafe', 2, 19],
  ['p if { input.a with input.b as x }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p := {x: 1 | input}', 'rego_unsafe_var_error', 'var x is unsafe', 2, 6],
  ['p if x > 1', 'rego_unsafe_var_error', 'var x is unsafe', 2, 6],
  ['p if { x > 1; not y; count(z) == 1 }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { f(x) }\nf(_) := 1', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p[_] := 1', 'rego_unsafe_var_error', 'var _ is unsafe', 2, 3],
  ['p if { _ > 1 }', 'rego_unsafe_var_error', 'var _ is unsafe', 2, 8],
  ['p if { a.b.c }', 'rego_unsafe_var_error', 'var a is unsafe', 2, 8],
  ['p if { {x} = {1} }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { {x: 1} = {"a": 1} }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { $"{x}" }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { some k; k }', 'rego_unsafe_var_error', 'var k is unsafe', 2, 16],
  ['p if { x = y; y = x }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if { x = {y | y = x} }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p[x][y] if x := 1', 'rego_unsafe_var_error', 'var y is unsafe', 2, 6],
  ['f(x) := x if y', 'rego_unsafe_var_error', 'var y is unsafe', 2, 14],
  ['p := x if { not y = 1; x := 2 }', 'rego_unsafe_var_error', 'var y is unsafe', 2, 13],
  ['p := 1 if { y := input.a; y.b[c] == d }', 'rego_unsafe_var_error', 'var d is unsafe', 2, 27],
  ['p if { x in [1] }', 'rego_unsafe_var_error', 'var x is unsafe', 2, 8],
  ['p if nosuch.func(1)', 'rego_type_error', 'undefined function nosuch.func', 2, 6],
  ['p if data.foo.f(1)', 'rego_type_error', 'undefined function data.foo.f', 2, 6],
  ['import data.lib\np if lib.f(1)', 'rego_type_error', 'undefined function data.lib.f', 3, 6],
  ['p(x) := 1\np := 2', 'rego_type_error', 'conflicting rules data.test.p found', 2, 1],
  ['p contains 1\np := 2', 'rego_type_error', 'conflicting rules data.test.p found', 2, 1],
  [
    'p.a := 1\np := 2',
    'rego_type_error',
    'rule data.test.p conflicts with:\n  rule data.test.p.a at test.rego:2',
    3,
    1,
  ],
  ['p(x) := 1\np(x,y) := 2', 'rego_type_error', 'conflicting rules data.test.p found', 2, 1],
  ['p if { count(1,2,3) }', 'rego_type_error', 'count: arity mismatch', 2, 8],
  [
    'p := re_match("a","b")',
    'rego_type_error',
    'deprecated built-in function calls in expression: re_match',
    2,
    6,
  ],
  [
    'p if input with foo as 1',
    'rego_type_error',
    'with keyword target must reference existing input, data, or a function',
    2,
    17,
  ],
  ['p if input with count as f\nf(x,y) := 1', 'rego_type_error', 'count: arity mismatch', 2, 12],
  [
    'default p := 1\ndefault p := 2',
    'rego_type_error',
    'multiple default rules data.test.p found at test.rego:2, test.rego:3',
    1,
    1,
  ],
  ['p if {x := print(1)}', 'rego_type_error', 'print(1) used as value', 2, 12],
  ['p if { f := 1; f(2) }', 'rego_type_error', 'undefined function f', 2, 16],
  ['p if time.now_ns(1, 2)', 'rego_type_error', 'time.now_ns: arity mismatch', 2, 6],
  [
    'p if p',
    'rego_recursion_error',
    'rule data.test.p is recursive: data.test.p -> data.test.p',
    2,
    1,
  ],
  [
    'p if data.test',
    'rego_recursion_error',
    'rule data.test.p is recursive: data.test.p -> data.test.p',
    2,
    1,
  ],
  [
    'f(x) := f(x)',
    'rego_recursion_error',
    'rule data.test.f is recursive: data.test.f -> data.test.f',
    2,
    1,
  ],
  [
    't if t2\nt2 if t',
    'rego_recursion_error',
    'rule data.test.t is recursive: data.test.t -> data.test.t2 -> data.test.t',
    2,
    1,
  ],
  [
    'p if { [x | x := data.test.p] }',
    'rego_recursion_error',
    'rule data.test.p is recursive: data.test.p -> data.test.p',
    2,
    1,
  ],
  [
    'p := data.test[x] if x := "q"',
    'rego_recursion_error',
    'rule data.test.p is recursive: data.test.p -> data.test.p',
    2,
    1,
  ],
  ['p if print(x)', 'rego_compile_error', 'var x is undeclared', 2, 12],
  [
    'import data.a\nimport data.a',
    'rego_compile_error',
    'import must not shadow import data.a',
    3,
    1,
  ],
  [
    'p if { input := 1 }',
    'rego_compile_error',
    'variables must not shadow input (use a different variable name)',
    2,
    8,
  ],
  [
    'q := {"a":1}\np if input with data.test.q.a as 1',
    'rego_compile_error',
    'with keyword cannot partially replace virtual document(s)',
    3,
    17,
  ],
  [
    'p if input with walk as 1',
    'rego_compile_error',
    'with keyword replacing built-in function: target must not be a relation',
    2,
    17,
  ],
  ['f(x) if { x := 1 }', 'rego_compile_error', 'arg x redeclared', 2, 11],
  ['p if { some x; x := 1 }', 'rego_compile_error', 'var x declared above', 2, 16],
  ['p if { some x in [1]; some x in [2] }', 'rego_compile_error', 'var x declared above', 2, 23],
  ['p if { x = 1; x := 2 }', 'rego_compile_error', 'var x referenced above', 2, 15],
  ['p if { [x, 1] := [2, 1] }', 'rego_compile_error', 'cannot assign to number', 2, 12],
  ['p if { 1 := 2 }', 'rego_compile_error', 'cannot assign to number', 2, 8],
  ['p if { data.x := 2 }', 'rego_compile_error', 'cannot assign to ref', 2, 8],
  ['p if { f(1) := 2}', 'rego_compile_error', 'cannot assign to call', 2, 8],
  ['p if { every k, v in [2] { v == 2 } }', 'rego_compile_error', 'declared var k unused', 2, 28],
  [
    'p if { every k, v in [2] { k == v; k := 1 } }',
    'rego_compile_error',
    'var k declared above',
    2,
    36,
  ],
  ['p if { x := x }', 'rego_compile_error', 'var x referenced above', 2, 8],
  ['p if { x := y; y := 1 }', 'rego_compile_error', 'var y referenced above', 2, 16],
  ['p if { some _ }', 'rego_compile_error', 'declared var _ unused', 2, 8],
  ['p if { x := 1; some x }', 'rego_compile_error', 'var x assigned above', 2, 16],
  ['p if { {x} := {1} }', 'rego_compile_error', 'cannot assign to set', 2, 8],
  ['p if not x := 1', 'rego_compile_error', 'cannot assign vars inside negated expression', 2, 6],
  [
    'input := 1',
    'rego_compile_error',
    'rules must not shadow input (use a different rule name)',
    2,
    1,
  ],
  [
    'data.foo := 1',
    'rego_compile_error',
    'rules must not shadow data (use a different rule name)',
    2,
    1,
  ],
  ['p if { some x }', 'rego_compile_error', 'declared var x unused', 2, 8],
  [
    'r(a) := 1 if { [x | x := 1; some x in [1]] }',
    'rego_compile_error',
    'var x assigned above',
    2,
    29,
  ],
  ['u if { [y, y] := [1, 1] }', 'rego_compile_error', 'var y assigned above', 2, 12],
  ['u if count(1)', 'rego_type_error', 'count: invalid argument(s)', 2, 6],
  ['v if 1 + "a" == 2', 'rego_type_error', 'plus: invalid argument(s)', 2, 6],
  ['w if "a" == 1', 'rego_type_error', 'match error', 2, 6],
  ['x if g.b\ng := {"a": 1}', 'rego_type_error', 'undefined ref: data.test.g.b', 2, 6],
  ['p if [1,2] = [1]', 'rego_type_error', 'match error', 2, 6],
  ['p if {"a":1} = {"b":1}', 'rego_type_error', 'match error', 2, 6],
  ['p if true == "a"', 'rego_type_error', 'match error', 2, 6],
  ['p := to_number({})', 'rego_type_error', 'to_number: invalid argument(s)', 2, 6],
  ['f(_) := "x"\np if f(1) + 1 == 2', 'rego_type_error', 'plus: invalid argument(s)', 3, 6],
  ['p contains "a"\nq if p[1]', 'rego_type_error', 'undefined ref: data.test.p[1]', 3, 6],
  ['p := [1, 2]\nq := p["a"]', 'rego_type_error', 'undefined ref: data.test.p.a', 3, 6],
  ['p if { x := "a"; x.y }', 'rego_type_error', 'undefined ref: x.y', 2, 18],
  ['p if { some i; x := [1, 2][i]; i == "a" }', 'rego_type_error', 'match error', 2, 32],
  [
    'p := startswith([x | x := 1], "a")',
    'rego_type_error',
    'startswith: invalid argument(s)',
    2,
    6,
  ],
  [
    'p := {x: 1 | some x in ["a"]}\nq if p[2] == 1',
    'rego_type_error',
    'undefined ref: data.test.p[2]',
    3,
    6,
  ],
  ['p := 1\nq := p.x', 'rego_type_error', 'undefined ref: data.test.p.x', 3, 6],
  ['p if concat(",", [1])', 'rego_type_error', 'concat: invalid argument(s)', 2, 6],
  ['p if plus(1, 2, "3")', 'rego_type_error', 'plus: invalid argument(s)', 2, 6],
  [
    'p := "a" if input.x\np := 1 if input.y\nq if p == true',
    'rego_type_error',
    'match error',
    4,
    6,
  ],
]

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
    const source = 'package test\np := x + 1\n'
    const text = renderErrors(errorsOf('p := x + 1').errors, { 'test.rego': source })
    expect(text).toBe(
      'test.rego:2:6: rego_unsafe_var_error: var x is unsafe\n\tp := x + 1\n\t     ^\n',
    )
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
