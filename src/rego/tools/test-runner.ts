import { RegoError } from '../errors.ts'
import type { Location } from '../errors.ts'
import type { CompileOptions } from '../options.ts'
import { compile } from '../policy.ts'
import type { Policy, RuleEntry } from '../policy.ts'
import { isObject, objectEntries } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { reportCoverage } from './coverage.ts'
import type { CoverageReport } from './coverage.ts'

export interface TestOptions extends CompileOptions {
  /** Runs only tests whose full name matches. */
  readonly filter?: RegExp
  /** Milliseconds from any fixed point, for durations. Default: the platform's. */
  readonly nowMs?: () => number
}

/** The result of one test. */
export interface TestResult {
  /** `data.app_test.test_allow`. */
  readonly name: string
  readonly location: Location
  readonly status: 'pass' | 'fail' | 'error' | 'skip'
  readonly durationMs: number
  /** What the test printed. */
  readonly output: readonly string[]
  readonly error?: RegoError
  /** The failed cases of a test that has cases. */
  readonly failedCases?: readonly string[]
}

export interface TestReport {
  readonly results: readonly TestResult[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** With `coverage` only. */
  readonly coverage?: CoverageReport
}

/**
 * Runs the tests of a policy: rules named `test_…`; those named `todo_test_…` are skipped. A test passes
 * when it is defined and not false; a test with cases (`test_x[case] if …`) when every case is.
 * @throws RegoError when the policy does not compile.
 */
export function runTests(options: TestOptions): TestReport {
  const output: string[] = []
  const nowMs = options.nowMs ?? (() => performance.now())
  const policy = compile({ ...options, print: (message) => output.push(message) })
  const results: TestResult[] = []
  for (const rule of testRules(policy)) {
    if (options.filter !== undefined && !options.filter.test(rule.label)) continue
    output.length = 0
    results.push(runTest(policy, rule, output, nowMs))
  }
  const count = (...statuses: TestResult['status'][]): number =>
    results.filter(({ status }) => statuses.includes(status)).length
  return {
    results,
    passed: count('pass'),
    failed: count('fail', 'error'),
    skipped: count('skip'),
    ...(options.coverage === true && {
      coverage: reportCoverage(options.modules, policy.coverage(), options.regoVersion ?? 1),
    }),
  }
}

function testRules(policy: Policy): RuleEntry[] {
  const seen = new Set<string>()
  return policy.rules().filter(({ name, label }) => {
    if (!/^(todo_)?test_/.test(name) || seen.has(label)) return false
    seen.add(label)
    return true
  })
}

function runTest(
  policy: Policy,
  rule: RuleEntry,
  output: readonly string[],
  nowMs: () => number,
): TestResult {
  const { label: name, location } = rule
  if (rule.name.startsWith('todo_'))
    return { name, location, status: 'skip', durationMs: 0, output: [] }
  const start = nowMs()
  try {
    const value = policy.evaluate(name)
    const failedCases = casesFailed(value)
    const passed = value !== undefined && value !== false && failedCases.length === 0
    return {
      name,
      location,
      status: passed ? 'pass' : 'fail',
      durationMs: nowMs() - start,
      output: [...output],
      ...(failedCases.length > 0 && { failedCases }),
    }
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    return {
      name,
      location,
      status: 'error',
      durationMs: nowMs() - start,
      output: [...output],
      error,
    }
  }
}

function casesFailed(value: Value | undefined, path = ''): string[] {
  if (value === undefined || !isObject(value)) return []
  return [...objectEntries(value)].flatMap(([key, item]) => {
    const name = `${path}${path === '' ? '' : '/'}${typeof key === 'string' ? key : JSON.stringify(key)}`
    if (item === false) return [name]
    return casesFailed(item, name)
  })
}
