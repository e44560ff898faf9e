import { describe, expect, test } from 'bun:test'
import { runTests } from '../index.ts'

const POLICY = `package app

default allow := false

allow if input.role == "admin"

allow if {
	input.role == "editor"
	input.action == "write"
}

never if input.x == 1
`

const TESTS = `package app_test

import data.app

test_admin if app.allow with input as {"role": "admin"}

test_wrong if app.allow with input as {"role": "guest"}

todo_test_later if false

test_prints if {
	print("role is", "guest", {1}, input.missing)
	not app.allow with input as {"role": "guest"}
}

test_conflict := 1

test_conflict := 2

test_cases[name] := app.allow with input as {"role": name} if some name in ["admin", "guest"]
`

describe('tests of policies', () => {
  const modules = { 'app.rego': POLICY, 'app_test.rego': TESTS }

  test('pass, fail, error and skip are told apart', () => {
    let now = 0
    const report = runTests({
      modules: { 'app.rego': POLICY, 'app_test.rego': TESTS.split('test_cases')[0]! },
      nowMs: () => now++,
    })
    expect(
      report.results.map(({ name, status, durationMs }) => [name, status, durationMs]),
    ).toEqual([
      ['data.app_test.test_admin', 'pass', 1],
      ['data.app_test.test_wrong', 'fail', 1],
      ['data.app_test.todo_test_later', 'skip', 0],
      ['data.app_test.test_prints', 'pass', 1],
      ['data.app_test.test_conflict', 'error', 1],
    ])
    expect(report).toMatchObject({ passed: 2, failed: 2, skipped: 1 })
    expect(report.results[3]?.output).toEqual(['role is guest {1} <undefined>'])
    expect(report.results[0]?.location).toEqual({ file: 'app_test.rego', row: 5, col: 1 })
  })

  test('a filter chooses tests by name', () => {
    const source = { ...modules, 'app_test.rego': TESTS.split('test_cases')[0]! }
    const { results } = runTests({ modules: source, filter: /admin$/ })
    expect(results.map(({ name }) => name)).toEqual(['data.app_test.test_admin'])
  })

  test('a test with cases names those that fail', () => {
    const cases = `package t

test_level[name] := ok if {
	some name, level in {"low": 1, "high": 9}
	ok := level < 5
}
`
    const { results } = runTests({ modules: { 't.rego': cases } })
    expect(results[0]).toMatchObject({ status: 'fail', failedCases: ['high'] })
  })

  test.each(['source', 'closures'] as const)(
    'coverage tells which lines no test reached: %s',
    (backend) => {
      const { coverage } = runTests({
        modules: {
          'app.rego': POLICY,
          'app_test.rego':
            'package app_test\n\ntest_a if data.app.allow with input as {"role": "admin"}\n',
        },
        coverage: true,
        backend,
      })
      expect(coverage?.files['app.rego']?.covered).toContain(5)
      expect(coverage?.files['app.rego']?.notCovered).toEqual(expect.arrayContaining([9, 12]))
      expect(coverage?.files['app_test.rego']).toEqual({
        covered: [3],
        notCovered: [],
        percent: 100,
      })
      expect(coverage?.percent).toBeLessThan(100)
    },
  )
})
