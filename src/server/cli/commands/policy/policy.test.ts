import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lineDiff } from './line-diff.ts'

/** The tools as real processes. */

const ENTRY = join(import.meta.dirname, '../../../../../bin/tollgate.ts')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-policy-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function run(args: readonly string[], input = '') {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ENTRY, 'policy', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    stdin: Buffer.from(input),
  })
  return { code: exitCode, out: stdout.toString(), hint: stderr.toString() }
}

const AUTHZ = `package app.authz

default allow := false

allow if input.user in data.users
`

describe('eval', () => {
  test('gives the value in every format, with data and input', () => {
    put('authz.rego', AUTHZ)
    put('data.json', '{"users": ["ada"], "big": 9007199254740993}')
    const base = ['eval', 'data.app.authz.allow', '-d', 'authz.rego', '--data', 'data.json', '-i']
    expect(run([...base, '-'], '{"user": "ada"}')).toMatchObject({ code: 0, out: 'true\n' })
    expect(run([...base, '-', '--format', 'raw'], '{"user": "bob"}').out).toBe('false\n')
    const json = JSON.parse(run([...base, '-', '--json'], '{"user": "ada"}').out) as unknown
    expect(json).toMatchObject({ result: [{ expressions: [{ value: true }] }] })
    expect(run(['eval', 'data.big', '-d', 'data.json']).out).toBe('9007199254740993\n')
    const rows = run(['eval', 'x := [1, 2][_]; x > 1', '--format', 'bindings'])
    expect(JSON.parse(rows.out)).toEqual([{ x: 2 }])
  })

  test('undefined is shown as such, and fails when asked to', () => {
    expect(run(['eval', 'data.nothing'])).toMatchObject({ code: 0, out: 'undefined\n' })
    expect(run(['eval', 'data.nothing', '--fail']).code).toBe(6)
    expect(run(['eval', '1 +']).hint).toContain('rego_parse_error')
    expect(run(['eval', 'data', '-d', 'absent.rego'])).toMatchObject({ code: 1 })
  })
})

describe('test', () => {
  const TESTS = `package app.authz_test
import data.app.authz
test_allowed if authz.allow with input.user as "ada" with data.users as ["ada"]
test_refused if not authz.allow with input.user as "bob" with data.users as ["ada"]
`
  test('passing tests end with 0, a failing one is named and ends with 6', () => {
    put('authz.rego', AUTHZ)
    put('authz_test.rego', TESTS)
    expect(run(['test', '.', '--coverage'])).toMatchObject({ code: 0 })
    put('more_test.rego', 'package more_test\ntest_never if 1 == 2\n')
    const failed = run(['test'])
    expect(failed.code).toBe(6)
    expect(failed.out).toContain('more_test.rego:2: data.more_test.test_never: FAIL')
    expect(failed.out).toContain('PASS: 2/3')
    const chosen = run(['test', '--run', 'allowed', '--json'])
    expect(chosen.code).toBe(0)
    expect(JSON.parse(chosen.out)).toMatchObject({ passed: 1, failed: 0 })
  })

  test('lines that no test reaches are listed, and a threshold is held', () => {
    put('authz.rego', `${AUTHZ}\ndeny if input.never\n`)
    put('authz_test.rego', 'package t_test\ntest_one if data.app.authz.allow == false\n')
    const report = run(['test', '--threshold', '100'])
    expect(report.code).toBe(6)
    expect(report.hint).toContain('less than 100 %')
  })
})

test('check shows each mistake with its line and a caret, and ends with 6', () => {
  put('a.rego', 'package a\n\nallow if x == 1\n')
  const { code, hint } = run(['check', 'a.rego'])
  expect(code).toBe(6)
  expect(hint).toContain('a.rego:3:10: rego_unsafe_var_error')
  expect(hint).toContain('\t         ^')
  const json = JSON.parse(run(['check', '--json']).out) as unknown
  expect(json).toMatchObject({ ok: false, errors: [{ location: { row: 3, col: 10 } }] })
  put('a.rego', AUTHZ)
  expect(run(['check']).code).toBe(0)
})

test('fmt shows, lists and writes what changes, and then nothing more', () => {
  put('a.rego', 'package a\nallow if {input.x==1}\n')
  expect(run(['fmt', '--list', '--fail', 'a.rego'])).toMatchObject({ code: 6, out: 'a.rego\n' })
  expect(run(['fmt', '--diff', 'a.rego']).out).toContain('\n+allow if input.x == 1')
  expect(run(['fmt', '--write', 'a.rego']).code).toBe(0)
  const text = readFileSync(join(folder, 'a.rego'), 'utf8')
  expect(run(['fmt', 'a.rego']).out).toBe(text)
  expect(run(['fmt', '-'], text).out).toBe(text)
  expect(run(['fmt', '--list', '--fail', 'a.rego'])).toMatchObject({ code: 0, out: '' })
})

test('build writes a bundle without the tests, which eval reads', () => {
  put('p/authz.rego', AUTHZ)
  put('p/authz_test.rego', 'package t_test\ntest_x if true\n')
  put('p/users.json', '["ada"]')
  expect(run(['build', 'p', '--revision', 'r1']).hint).toContain('not an object')
  rmSync(join(folder, 'p/users.json'))
  put('p/data.json', '{"users": ["ada"]}')
  const built = run(['build', 'p', '--revision', 'r1', '--json'])
  expect(JSON.parse(built.out)).toMatchObject({ revision: 'r1', modules: 1 })
  const value = run(
    ['eval', 'data.app.authz.allow', '-b', 'bundle.tar.gz', '-i', '-'],
    '{"user":"ada"}',
  )
  expect(value.out).toBe('true\n')
  expect(run(['build', 'p', '--root', 'other']).code).toBe(6)
})

test('bench measures', () => {
  const { code, out } = run(['bench', 'count([1, 2])', '--samples', '3', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ samples: 3, p50Ns: expect.any(Number) })
})

test('a difference names what goes and what comes, and equal texts have none', () => {
  expect(lineDiff('a\nb\nc', 'a\nx\nc')).toEqual(['@@ -2 +2 @@', '-b', '+x'])
  expect(lineDiff('a\nc', 'a\nb\nc')).toEqual(['@@ -2 +2 @@', '+b'])
  expect(lineDiff('a', 'a')).toEqual([])
})
