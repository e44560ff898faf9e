import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Caller } from '../../core/caller.ts'
import { anonymousCaller, newCaller } from '../../core/caller.ts'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import { covers } from '../permission.ts'
import { compilePermissions } from '../permission-set.ts'
import { policiesConfig } from './config.ts'
import { createDeciders } from './deciders.ts'
import type { RequestFacts } from './facts.ts'
import type { ShadowChange } from './shadow.ts'
import { createFactsKey } from './facts-key.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-decider-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function file(text: string, name = `p${(files += 1)}.rego`): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const caller = (permissions: readonly string[], roles: readonly string[] = []): Caller =>
  newCaller({
    ...anonymousCaller,
    kind: 'key',
    id: 'key_1',
    tenantId: 'acme',
    userId: 'ada',
    roles,
    permissions: compilePermissions(permissions.map((pattern) => ({ role: 'r', pattern }))),
  })

function facts(
  more: Partial<RequestFacts> & { headers?: Record<string, string> } = {},
): RequestFacts {
  const { headers, ...rest } = more
  return {
    caller: caller([]),
    method: 'GET',
    path: '/scenes/s%201',
    query: '?tag=a&tag=b',
    request: { headers: new Headers(headers) },
    parameters: { id: 's%201' },
    body: undefined,
    address: '192.0.2.1',
    nowMs: 1,
    requestId: 'req_1',
    route: { id: 'scenes' },
    ...rest,
  }
}

function make(policy: Record<string, unknown>, clock = createManualClock()) {
  const told: { failures: string[]; changes: ShadowChange[] } = { failures: [], changes: [] }
  const config = policiesConfig.parse({ p: { entry: 'data.app.allow', ...policy } })
  const { deciders, problems } = createDeciders(config, {
    clock,
    random: createSeededRandom(1),
    keep: {},
    onFailure: (_name, failure) => told.failures.push(failure),
    onChange: (_name, change) => told.changes.push(change),
    onLoaded: () => undefined,
    onRefused: () => undefined,
    onLoss: () => undefined,
  })
  const decider = deciders.get('p')
  const decide = (given: RequestFacts) => {
    if (decider === undefined) throw new Error(JSON.stringify(problems))
    return decider.decide(given, false)
  }
  return { decider, decide, problems, told, deciders, clock }
}

const rule = (body: string): string => file(`package app\n\nallow if {\n\t${body}\n}\n`)

describe('what a policy sees', () => {
  test.each([
    [
      'input.caller == {"kind": "key", "id": "key_1", "tenant": "acme", "user": "ada", "roles": [], "permissions": []}',
    ],
    ['input.tenant == "acme"'],
    ['input.request.method == "GET"; input.request.segments == ["scenes", "s 1"]'],
    ['input.request.path == "/scenes/s%201"; input.request.query.tag == ["a", "b"]'],
    ['input.request.headers == {"x-team": "red"}'],
    ['input.request.address == "192.0.2.1"'],
    ['input.resource.id == "s 1"'],
    ['count([1 | walk(input, [["request", "headers", "x-team"], "red"])]) == 1'],
  ])('%s', (body) => {
    const { decide, told } = make({ paths: [rule(body)], headers: ['x-team'] })
    const verdict = decide(facts({ headers: { 'x-team': 'red', cookie: 'secret' } }))
    expect([verdict.allowed, told.failures]).toEqual([true, []])
  })

  test('the body, once it has been read, and only where it is asked for', () => {
    const reading = make({ paths: [rule('input.request.body.size < 3')] })
    expect(reading.decider?.readsBody).toBe(true)
    expect(reading.decide(facts({ body: { size: 2 } })).allowed).toBe(true)
    expect(reading.decide(facts({ body: { size: 3 } })).allowed).toBe(false)
    expect(make({ paths: [rule('input.tenant == "acme"')] }).decider?.readsBody).toBe(false)
  })

  test('permissions are granted as the gate grants them', () => {
    const { decide } = make({
      paths: [rule('data.tollgate.granted(input.resource.wanted)')],
      verdicts: 100,
    })
    const patterns = ['scene:read', 'scene:*', 'memory.*:read', '*:write', '*:*', 'tollgate.*:*']
    const wanted = ['scene:read', 'scene:x', 'memory:read', 'memory.a.b:read', 'tollgate.x:read']
    for (const pattern of patterns) {
      for (const permission of [...wanted, 'tollgate:read', 'scenes:read', 'a:write']) {
        const given = facts({ caller: caller([pattern]), parameters: { wanted: permission } })
        const { allowed } = decide(given)
        expect([pattern, permission, allowed]).toEqual([
          pattern,
          permission,
          covers(pattern, permission),
        ])
      }
    }
  })
})

describe('failure is closed', () => {
  test.each([
    ['undefined', 'allow if input.nothing'],
    ['no verdict', 'allow := "yes"'],
    ['a conflict', 'allow := true if input.tenant\nallow := false if input.tenant'],
    ['a number in the object', 'allow := {"allow": 1}'],
  ])('%s', (_what, text) => {
    const { decide, told } = make({ paths: [file(`package app\n${text}\n`)] })
    expect(decide(facts())).toMatchObject({ allowed: false })
    expect(told.failures).toHaveLength(1)
  })

  const ENDLESS = `package app
allow if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == input.n]) == 0
`
  test('the budget of steps, and the time', () => {
    const steps = make({ paths: [file(ENDLESS)], steps: 10_000 })
    expect(steps.decide(facts()).rule).toContain('failed')
    let readings = 0
    const clock = createManualClock()
    const late = { ...clock, monotonicMs: () => (readings++ < 3 ? 0 : 1000) }
    const { decide, told } = make({ paths: [file(ENDLESS)], steps: 1_000_000_000 }, late)
    expect(decide(facts()).allowed).toBe(false)
    expect(told.failures[0]).toContain('eval_cancel_error')
  })

  test('strangers cannot flood the log', () => {
    const { decide, told, clock } = make({ paths: [file('package app\nallow if input.nothing\n')] })
    for (let count = 0; count < 50; count += 1) decide(facts({ path: `/${count}` }))
    expect(told.failures).toHaveLength(1)
    clock.advance(1000)
    decide(facts())
    expect(told.failures).toHaveLength(2)
  })
})

describe('verdicts', () => {
  test('an object allows or refuses with a reason', () => {
    const text = 'package app\nallow := {"allow": false, "reason": "closed on Sundays"}\n'
    const verdict = make({ paths: [file(text)] }).decide(facts())
    expect(verdict).toMatchObject({ allowed: false, reason: 'closed on Sundays' })
  })

  test('are remembered by what is read, and by nothing else', () => {
    const { decide } = make({ paths: [rule('input.caller.user == "ada"')], verdicts: 2 })
    expect(decide(facts({ path: '/a' })).allowed).toBe(true)
    expect(decide(facts({ path: '/b' })).allowed).toBe(true)
    expect(decide(facts({ caller: newCaller({ ...caller([]), userId: 'eve' }) })).allowed).toBe(
      false,
    )
    expect(decide(facts({ caller: newCaller({ ...caller([]), userId: 'ada' }) })).allowed).toBe(
      true,
    )
  })

  test('keys tell apart what a policy could tell apart', () => {
    const key = createFactsKey([''], ['x-a', 'x-b'])
    const other = caller(['scene:read'])
    const requests: RequestFacts[] = [
      facts(),
      facts({ method: 'PUT' }),
      facts({ path: '/scenes' }),
      facts({ path: '/scenes?' }),
      facts({ query: '?tag=a' }),
      facts({ address: '192.0.2.2' }),
      facts({ parameters: undefined }),
      facts({ parameters: {} }),
      facts({ parameters: { id: '1', of: '2' } }),
      facts({ parameters: { id: '1of2' } }),
      facts({ headers: { 'x-a': '1' } }),
      facts({ headers: { 'x-b': '1' } }),
      facts({ headers: { 'x-a': '' } }),
      facts({ caller: newCaller({ ...other, userId: undefined }) }),
      facts({ caller: newCaller({ ...other, userId: '' }) }),
      facts({ caller: newCaller({ ...other, roles: ['a', 'b'] }) }),
      facts({ caller: newCaller({ ...other, roles: ['a,b'] }) }),
      facts({ caller: newCaller({ ...other, tenantId: 'other' }) }),
      facts({ caller: newCaller({ ...other, plan: 'pro' }) }),
      facts({ caller: caller(['scene:read']) }),
      ...[null, 'null', '', 1, '1', [1, 2], '[1,2]', { a: null }, {}].map((body) =>
        facts({ body }),
      ),
    ]
    const keys = requests.map((request) => key(request))
    expect(new Set(keys).size).toBe(keys.length)
    const again = facts({ caller: other })
    expect(key(again)).toBe(key(again))
  })

  test('keys hold nothing that the policy does not read, and are short', () => {
    const key = createFactsKey(['/request/body/size', '/request/method'], [])
    const sized = (size: unknown, more = {}) => key(facts({ body: { size, ...more } }))
    expect(sized(1)).toBe(sized(1, { name: 'x' }))
    expect(sized(1)).not.toBe(sized('1'))
    expect(key(facts({ path: '/other' }))).toBe(key(facts()))
    expect(sized('x'.repeat(10_000))?.length).toBeLessThan(100)
    expect(sized('x'.repeat(1_000_000))).toBeUndefined()
  })

  test('that depend on the time are asked for each time', () => {
    const clock = createManualClock(1000)
    const { decide } = make({ paths: [rule('time.now_ns() < 2000 * 1000000')], verdicts: 9 }, clock)
    expect(decide(facts()).allowed).toBe(true)
    clock.advance(5000)
    expect(decide(facts()).allowed).toBe(false)
  })
})

test('a policy in shadow decides nothing, and the report says what it would change', () => {
  const { decide, deciders, told } = make({
    paths: [rule('input.request.method == "GET"')],
    shadow: { paths: [rule('input.caller.user == "eve"')] },
  })
  expect(decide(facts()).allowed).toBe(true)
  expect(decide(facts({ method: 'PUT' })).allowed).toBe(false)
  const [report] = deciders.shadows()
  expect(report).toMatchObject({ asked: 2, same: 1, wouldRefuse: 1, wouldAllow: 0 })
  expect(report?.changes).toMatchObject([{ callerId: 'key_1', active: 'allow', shadow: 'refuse' }])
  expect(told.changes).toHaveLength(1)
})

describe('mistakes are placed', () => {
  test.each([
    [{ paths: ['/nowhere.rego'] }, 'paths', 'no such file'],
    [{ bundle: '/nowhere.tar.gz' }, 'bundle', 'no such file'],
  ])('%p', (policy, at, message) => {
    const [problem] = make(policy).problems
    expect(problem?.path).toEqual(['policies', 'p', at])
    expect(problem?.message).toContain(message)
  })

  test('with file, line and column in Rego; the entry and the own package too', () => {
    const broken = file('package app\n\nallow if x\n', 'broken.rego')
    expect(make({ paths: [broken] }).problems[0]?.message).toContain(
      'broken.rego:3:10: rego_unsafe',
    )
    const other = file('package other\nallow if true\n')
    expect(make({ paths: [other] }).problems[0]?.path).toEqual(['policies', 'p', 'entry'])
    const own = file('package tollgate.x\nallow if true\n')
    expect(make({ paths: [own] }).problems[0]?.message).toContain("the gate's own")
    const calls = rule('http.send({"method": "get", "url": "http://127.0.0.1"}).status_code == 200')
    expect(make({ paths: [calls] }).problems[0]?.message).toContain('http.send')
  })
})
