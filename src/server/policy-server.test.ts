import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { createPolicyStore, loadSources } from '../policy/with-rego.ts'
import type { PolicyServer } from './policy-server.ts'
import { startPolicyServer } from './policy-server.ts'

/** The APIs over real HTTP, with requests as the clients of OPA and AuthZEN make them. */

const AUTHZ = `package app.authz

default allow := false

allow if input.user in data.users

conflicts := 1 if input.user

conflicts := 2 if input.user
`

const AUTHZEN = `package authzen

default allow := false

allow if {
	input.action.name == "can_read"
	input.subject.type == "user"
}

allow := {"decision": true, "context": {"reason": "owner"}} if {
	input.action.name == "can_write"
	input.resource.properties.owner == input.subject.id
}

subjects contains {"type": "user", "id": id} if {
	input.action.name == "can_read"
	some id in ["alice", "bob", "carol"]
}
`

let folder: string
let server: PolicyServer
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-policy-server-'))
  writeFileSync(join(folder, 'authz.rego'), AUTHZ)
  writeFileSync(join(folder, 'authzen.rego'), AUTHZEN)
  writeFileSync(join(folder, 'system.rego'), 'package system\n\nmain := {"user": input.user}\n')
  writeFileSync(join(folder, 'data.json'), '{"users": ["ada"], "big": 9007199254740993}')
})
const start = (token?: string): PolicyServer =>
  startPolicyServer({
    hostname: '127.0.0.1',
    port: 0,
    token,
    clock: systemClock,
    store: createPolicyStore({ sources: loadSources({ paths: [folder] }), steps: 1_000_000 }),
    onBug: (error) => {
      throw error
    },
  })
beforeEach(async () => {
  await (server as PolicyServer | undefined)?.stop()
  server = start()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function send(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, headers: answer.headers, json: parse(text) }
}
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

describe("OPA's data API", () => {
  test('decides on an input; undefined is 200 without a result', async () => {
    const allowed = await send('POST', '/v1/data/app/authz/allow', { input: { user: 'ada' } })
    expect(allowed).toMatchObject({ status: 200, json: { result: true } })
    const refused = await send('POST', '/v1/data/app/authz/allow', { input: { user: 'eve' } })
    expect(refused.json).toMatchObject({ result: false, decision_id: expect.any(String) })
    const nothing = await send('POST', '/v1/data/app/nothing', { input: {} })
    expect(nothing.status).toBe(200)
    expect(nothing.json).not.toHaveProperty('result')
    const bare = await send('POST', '/v1/data/app/authz/allow')
    expect(bare.json).toMatchObject({ result: false, warning: { code: 'api_usage_warning' } })
    const query = encodeURIComponent('{"user":"ada"}')
    expect((await send('GET', `/v1/data/app/authz/allow?input=${query}`)).json).toMatchObject({
      result: true,
    })
    expect((await send('GET', '/v1/data/users/0')).json).toMatchObject({ result: 'ada' })
    expect((await send('GET', '/v1/data/big')).text).toContain('9007199254740993')
  })

  test('packed and YAML bodies, metrics, provenance', async () => {
    const packed = await fetch(`${server.url}/v1/data/app/authz/allow?metrics&provenance=true`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: Bun.gzipSync('{"input":{"user":"ada"}}'),
    })
    expect(await packed.json()).toMatchObject({
      result: true,
      metrics: { timer_rego_query_eval_ns: expect.any(Number) },
      provenance: { revision: expect.any(String) },
    })
    const yaml = { 'content-type': 'application/x-yaml' }
    const answer = await send('POST', '/v1/data/app/authz/allow', 'input: {user: ada}', yaml)
    expect(answer.json).toMatchObject({ result: true })
  })

  test('errors have a code and a message, as clients parse them', async () => {
    const conflict = await send('POST', '/v1/data/app/authz/conflicts', { input: { user: 'a' } })
    expect(conflict).toMatchObject({
      status: 500,
      json: { code: 'internal_error', errors: [{ code: 'eval_conflict_error' }] },
    })
    expect(await send('POST', '/v1/data/x', '{')).toMatchObject({
      status: 400,
      json: { code: 'invalid_parameter', message: expect.any(String) },
    })
    expect(await send('GET', '/v1/nothing')).toMatchObject({ status: 404 })
    expect(await send('PATCH', '/v1/query')).toMatchObject({ status: 405 })
  })

  test('v0 and the default decision: the body is the input, the answer the document', async () => {
    expect((await send('POST', '/v0/data/app/authz/allow', { user: 'ada' })).text.trim()).toBe(
      'true',
    )
    expect(await send('POST', '/v0/data/nothing', {})).toMatchObject({
      status: 404,
      json: { code: 'undefined_document' },
    })
    expect((await send('POST', '/', { user: 'x' })).json).toEqual({ user: 'x' })
  })

  test('data is written, patched and removed; what is asked next sees it', async () => {
    const isIn = async (user: string): Promise<unknown> =>
      (await send('POST', '/v0/data/app/authz/allow', { user })).json
    expect((await send('PUT', '/v1/data/users', ['bob'])).status).toBe(204)
    expect([await isIn('bob'), await isIn('ada')]).toEqual([true, false])
    const patch = [
      { op: 'add', path: '/-', value: 'eve' },
      { op: 'replace', path: '/0', value: 'zoe' },
    ]
    expect((await send('PATCH', '/v1/data/users', patch)).status).toBe(204)
    expect((await send('GET', '/v1/data/users')).json).toMatchObject({ result: ['zoe', 'eve'] })
    const half = [
      { op: 'remove', path: '/0' },
      { op: 'remove', path: '/nowhere' },
    ]
    expect((await send('PATCH', '/v1/data/users', half)).status).toBe(404)
    expect((await send('GET', '/v1/data/users')).json).toMatchObject({ result: ['zoe', 'eve'] })
    expect((await send('PUT', '/v1/data/a/b/c', { x: 1 })).status).toBe(204)
    expect((await send('PUT', '/v1/data/a', 1, { 'if-none-match': '*' })).status).toBe(304)
    expect((await send('PUT', '/v1/data', 1)).status).toBe(400)
    expect((await send('DELETE', '/v1/data/a/b')).status).toBe(204)
    expect((await send('DELETE', '/v1/data/a/b')).status).toBe(404)
  })
})

test('a batch answers each input, and says which failed', async () => {
  const inputs = { a: { user: 'ada' }, b: { user: 'eve' } }
  const good = await send('POST', '/v1/batch/data/app/authz/allow', { inputs })
  expect(good).toMatchObject({
    status: 200,
    json: { responses: { a: { result: true }, b: { result: false } } },
  })
  const mixed = { inputs: { a: {}, b: { user: 'x' } } }
  expect(await send('POST', '/v1/batch/data/app/authz/conflicts', mixed)).toMatchObject({
    status: 207,
    json: {
      responses: {
        a: { http_status_code: '200' },
        b: { code: 'internal_error', http_status_code: '500' },
      },
    },
  })
  expect((await send('POST', '/v1/batch/data/x', {})).status).toBe(400)
})

test('queries give bindings', async () => {
  const answer = await send('GET', `/v1/query?q=${encodeURIComponent('x := data.users[i]')}`)
  expect(answer.json).toEqual({ result: [{ x: 'ada', i: 0 }] })
  const posted = await send('POST', '/v1/query', { query: 'input.a = x', input: { a: 7 } })
  expect(posted.json).toEqual({ result: [{ x: 7 }] })
  expect(await send('GET', '/v1/query?q=x%20%3D')).toMatchObject({
    status: 400,
    json: { errors: [{ code: 'rego_parse_error' }] },
  })
})

test('policies are added, shown and removed; one that does not compile changes nothing', async () => {
  const put = async (text: string) => send('PUT', '/v1/policies/new/one', text)
  expect(await put('package n\n\nv := 1\n')).toMatchObject({ status: 200, json: {} })
  expect((await send('GET', '/v1/data/n/v')).json).toMatchObject({ result: 1 })
  expect(await put('package n\n\nv := x\n')).toMatchObject({
    status: 400,
    json: {
      code: 'invalid_parameter',
      errors: [{ location: { file: 'new/one', row: 3, col: 6 } }],
    },
  })
  expect((await send('GET', '/v1/data/n/v')).json).toMatchObject({ result: 1 })
  expect((await send('GET', '/v1/policies/new/one')).json).toMatchObject({
    result: { id: 'new/one' },
  })
  expect((await send('DELETE', '/v1/policies/new/one')).status).toBe(200)
  expect((await send('DELETE', '/v1/policies/new/one')).status).toBe(404)
  expect((await send('GET', '/v1/data/n/v')).json).not.toHaveProperty('result')
})

test('says how it is set up and what is in force', async () => {
  expect((await send('GET', '/v1/config')).json).toMatchObject({
    result: { default_decision: '/system/main', labels: { version: expect.any(String) } },
  })
  const revision = async (): Promise<unknown> =>
    (
      (await send('GET', '/v1/status')).json as {
        result: { bundles: { policies: { active_revision: string } } }
      }
    ).result.bundles.policies.active_revision
  const before = await revision()
  await send('PUT', '/v1/policies/more', 'package more\n')
  expect(await revision()).toBe(`${String(before)}+1`)
})

test('health, and who may ask at all', async () => {
  expect(await send('GET', '/health?bundles&plugins')).toMatchObject({ status: 200, json: {} })
  const foreign = await send('POST', '/v1/data/x', {}, { origin: 'http://evil.example' })
  expect(foreign.status).toBe(403)
  expect((await send('GET', '/v1/data', undefined, { host: 'evil.example' })).status).toBe(403)
  await server.stop()
  server = start('a-token-of-some-length')
  expect(await send('GET', '/v1/data')).toMatchObject({
    status: 401,
    json: { code: 'unauthorized' },
  })
  const wrong = { authorization: 'Bearer a-token-of-some-lengtH' }
  expect((await send('GET', '/v1/data', undefined, wrong)).status).toBe(401)
  const right = { authorization: 'Bearer a-token-of-some-length' }
  expect((await send('GET', '/v1/data', undefined, right)).status).toBe(200)
  expect((await send('GET', '/health')).status).toBe(200)
})

describe('AuthZEN', () => {
  const alice = { type: 'user', id: 'alice@example.com' }
  const account = { type: 'account', id: '123' }
  const question = { subject: alice, action: { name: 'can_read' }, resource: account }
  const evaluate = async (body: unknown, headers = {}) =>
    send('POST', '/access/v1/evaluation', body, headers)

  test('decides; a denial is 200, and the request id comes back', async () => {
    const allowed = await evaluate({ ...question, unknown: 1 }, { 'x-request-id': 'r-1' })
    expect(allowed).toMatchObject({ status: 200, json: { decision: true } })
    expect(allowed.headers.get('x-request-id')).toBe('r-1')
    const denied = await evaluate({ ...question, action: { name: 'can_delete' } })
    expect(denied).toMatchObject({ status: 200, json: { decision: false } })
    const explained = await evaluate({
      ...question,
      action: { name: 'can_write' },
      resource: { ...account, properties: { owner: alice.id } },
    })
    expect(explained.json).toEqual({ decision: true, context: { reason: 'owner' } })
  })

  test.each([
    ['a missing subject', { action: { name: 'x' }, resource: account }],
    ['a subject without type', { ...question, subject: { id: 'x' } }],
    ['an id that is a number', { ...question, resource: { type: 'a', id: 1 } }],
    ['a context that is text', { ...question, context: 'x' }],
    ['no JSON', '{'],
    ['a list', []],
  ])('%s is 400', async (_what, body) => {
    expect(await evaluate(body)).toMatchObject({ status: 400, json: { error: expect.any(String) } })
  })

  test('another content type is 400', async () => {
    expect((await evaluate(question, { 'content-type': 'text/plain' })).status).toBe(400)
  })

  test('evaluations: defaults, semantics, bad items, and none at all', async () => {
    const many = async (items: unknown, semantic?: string) => {
      const options = semantic === undefined ? {} : { options: { evaluations_semantic: semantic } }
      const answer = await send('POST', '/access/v1/evaluations', {
        ...question,
        ...options,
        evaluations: items,
      })
      return answer.json
    }
    const read = {}
    const drop = { action: { name: 'can_delete' } }
    const decisions = (...all: boolean[]) => ({
      evaluations: all.map((decision) => ({ decision })),
    })
    expect(await many([read, drop, read])).toEqual(decisions(true, false, true))
    expect(await many([read, drop, read], 'deny_on_first_deny')).toEqual(decisions(true, false))
    expect(await many([drop, read, read], 'permit_on_first_permit')).toEqual(decisions(false, true))
    expect(await many([])).toEqual({ decision: true })
    expect(await many(undefined)).toEqual({ decision: true })
    expect(await many([{ resource: { type: 7 } }, read])).toMatchObject({
      evaluations: [{ decision: false, context: { error: { status: 400 } } }, { decision: true }],
    })
  })

  test('searches in pages, and only where a policy answers them', async () => {
    const asked = { subject: { type: 'user' }, action: { name: 'can_read' }, resource: account }
    const first = await send('POST', '/access/v1/search/subject', { ...asked, page: { limit: 2 } })
    expect(first.json).toMatchObject({
      results: [{ id: 'alice' }, { id: 'bob' }],
      page: { next_token: '2', total: 3 },
    })
    const rest = await send('POST', '/access/v1/search/subject', { ...asked, page: { token: '2' } })
    expect(rest.json).toMatchObject({ results: [{ id: 'carol' }], page: { next_token: '' } })
    const other = { subject: alice, resource: account }
    expect((await send('POST', '/access/v1/search/action', other)).status).toBe(404)
  })

  test('says where it answers', async () => {
    expect((await send('GET', '/.well-known/authzen-configuration')).json).toMatchObject({
      policy_decision_point: server.url,
      access_evaluation_endpoint: `${server.url}/access/v1/evaluation`,
    })
  })
})

test('the command serves on loopback, and nowhere else without a token', async () => {
  const entry = join(import.meta.dirname, '../../bin/tollgate.ts')
  const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '' }, stderr: 'pipe' } as const
  const open = Bun.spawnSync(
    [process.execPath, entry, 'policy', 'serve', '--address', '0.0.0.0:0'],
    options,
  )
  expect([open.exitCode, open.stderr.toString()]).toEqual([
    2,
    expect.stringContaining('--token-file'),
  ])
  const child = Bun.spawn(
    [process.execPath, entry, 'policy', 'serve', '.', '--address', '127.0.0.1:0'],
    options,
  )
  let said = ''
  for await (const chunk of child.stderr) {
    said += new TextDecoder().decode(chunk)
    if (said.includes('\n')) break
  }
  const url = /Policies on (\S+)/.exec(said)?.[1] ?? ''
  const answer = await fetch(`${url}/v1/data/app/authz/allow`, {
    method: 'POST',
    body: '{"input":{"user":"ada"}}',
  })
  expect(await answer.json()).toMatchObject({ result: true })
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
})
