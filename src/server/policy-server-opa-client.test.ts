import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { OPAClient } from '@open-policy-agent/opa'
import {
  BatchServerError,
  ClientError,
  SDKError,
  ServerError,
} from '@open-policy-agent/opa/sdk/models/errors'
import { OpaApiClient } from '@open-policy-agent/opa/sdk/sdk.js'
import { systemClock } from '../core/clock.ts'
import { createPolicyStore } from '../policy/with-rego.ts'
import type { PolicyServer } from './policy-server.ts'
import { startPolicyServer } from './policy-server.ts'

/** The npm client of OPA, unchanged, against our server. */

const TOKEN = 'a-token-for-the-client'
const MODULES = {
  'authz.rego': `package app.authz

default allow := false

allow if input.user in data.users

echo := input

reasons contains sprintf("%s is known", [input.user]) if input.user in data.users

conflicts := 1 if input.user

conflicts := 2 if input.user == "both"
`,
  'system.rego': `package system

main := {"allowed": input.user == "ada"}
`,
}

let open: PolicyServer
let locked: PolicyServer
const start = (token: string | undefined): PolicyServer =>
  startPolicyServer({
    hostname: '127.0.0.1',
    port: 0,
    token,
    clock: systemClock,
    store: createPolicyStore({
      sources: { modules: MODULES, data: { users: ['ada'] }, revision: 'r1', regoVersion: 1 },
      steps: 1_000_000,
    }),
    onBug: (error) => {
      throw error
    },
  })
beforeAll(() => {
  open = start(undefined)
  locked = start(TOKEN)
})
afterAll(async () => {
  await open.stop()
  await locked.stop()
})

/** What a call of the client fails with. */
async function failureOf(call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  const known = [BatchServerError, ClientError, SDKError, ServerError]
  if (!known.some((kind) => error instanceof kind)) throw error
  return error as Error
}

const statusOf = (error: Error): number =>
  error instanceof SDKError ? error.httpMeta.response.status : 0

describe('evaluate', () => {
  test('a rule with an input', async () => {
    const client = new OPAClient(open.url)
    expect(await client.evaluate<object, unknown>('app/authz/allow', { user: 'ada' })).toBe(true)
    expect(await client.evaluate<object, unknown>('app/authz/allow', { user: 'eve' })).toBe(false)
  })

  test('an input of any JSON type, also false and none', async () => {
    const client = new OPAClient(open.url)
    for (const input of [false, 0, 'text', [1, 'two'], { deep: { er: [null] } }]) {
      expect(await client.evaluate<never, unknown>('app/authz/echo', input as never)).toEqual(input)
    }
    expect(await client.evaluate<never, unknown>('app/authz/echo')).toBeUndefined()
    expect(await client.evaluate<never, unknown>('app/authz/allow')).toBe(false)
  })

  test('a package, a set, an undefined document', async () => {
    const client = new OPAClient(open.url)
    const whole = await client.evaluate<object, unknown>('app/authz', { user: 'ada' })
    expect(whole).toMatchObject({ allow: true, reasons: ['ada is known'], conflicts: 1 })
    expect(await client.evaluate<object, unknown>('app/nowhere', {})).toBeUndefined()
  })

  test('a result turned into another type, an input that turns itself into one', async () => {
    const client = new OPAClient(open.url)
    const asked = { toInput: () => ({ user: 'ada' }) }
    const fromResult = (result: unknown): string => (result === true ? 'yes' : 'no')
    expect(await client.evaluate('app/authz/allow', asked, { fromResult })).toBe('yes')
  })
})

test('evaluateDefault asks data.system.main', async () => {
  const client = new OPAClient(open.url)
  expect(await client.evaluateDefault<object, unknown>({ user: 'ada' })).toEqual({ allowed: true })
  expect(await client.evaluateDefault<object, unknown>({ user: 'eve' })).toEqual({ allowed: false })
})

describe('evaluateBatch', () => {
  test('answers each input under its own key', async () => {
    const answers = await new OPAClient(open.url).evaluateBatch<object, unknown>(
      'app/authz/allow',
      { a: { user: 'ada' }, 'b/ c': { user: 'eve' } },
    )
    expect(answers).toEqual({ a: true, 'b/ c': false })
  })

  test('shows which of them failed, and the results of the others', async () => {
    const answers = await new OPAClient(open.url).evaluateBatch<object, unknown>(
      'app/authz/conflicts',
      { good: { user: 'ada' }, bad: { user: 'both' }, nothing: {} },
    )
    expect(answers['good']).toBe(1)
    expect(answers['nothing']).toBeUndefined()
    expect(answers['bad']).toMatchObject({
      code: 'internal_error',
      httpStatusCode: '500',
      errors: [{ code: 'eval_conflict_error', location: { file: 'authz.rego' } }],
    })
  })

  test('rejects when asked to reject mixed results, and when all failed', async () => {
    const client = new OPAClient(open.url)
    const inputs = { good: { user: 'ada' }, bad: { user: 'both' } }
    const mixed = client.evaluateBatch('app/authz/conflicts', inputs, { rejectMixed: true })
    expect(await mixed.catch((error: unknown) => error)).toMatchObject({ code: 'internal_error' })
    const none = client.evaluateBatch('app/authz/conflicts', { bad: { user: 'both' } })
    expect(await failureOf(none)).toBeInstanceOf(BatchServerError)
  })
})

describe('errors', () => {
  test('a conflict is the error of a server, with code, message and place', async () => {
    const failing = new OPAClient(open.url).evaluate('app/authz/conflicts', { user: 'both' })
    const error = await failureOf(failing)
    expect(error).toBeInstanceOf(ServerError)
    const { code, errors } = error as ServerError
    expect(code).toBe('internal_error')
    expect(errors).toMatchObject([{ code: 'eval_conflict_error', location: { row: 13 } }])
  })

  test('what is asked wrongly is the error of a client', async () => {
    const long = Array.from({ length: 100 }, () => 'x').join('/')
    const failing = new OPAClient(open.url).evaluate(long, {})
    const error = await failureOf(failing)
    expect(error).toBeInstanceOf(ClientError)
    expect((error as ClientError).code).toBe('invalid_parameter')
  })
})

describe('authentication', () => {
  test('without the token nothing is decided', async () => {
    const failing = new OPAClient(locked.url).evaluate('app/authz/allow', { user: 'ada' })
    expect(statusOf(await failureOf(failing))).toBe(401)
    const wrong = { authorization: 'Bearer another-token-altogether' }
    const refused = new OPAClient(locked.url, { headers: wrong }).evaluateDefault({})
    expect(statusOf(await failureOf(refused))).toBe(401)
  })

  test('with the token in a header, and as the bearer token of the client', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const byHeader = new OPAClient(locked.url, { headers })
    expect(await byHeader.evaluate<object, unknown>('app/authz/allow', { user: 'ada' })).toBe(true)
    const bySdk = new OPAClient(locked.url, { sdk: { bearerAuth: TOKEN } })
    expect(await bySdk.evaluate<object, unknown>('app/authz/allow', { user: 'ada' })).toBe(true)
    const batch = await bySdk.evaluateBatch('app/authz/allow', { a: { user: 'ada' } })
    expect(batch).toEqual({ a: true })
  })
})

describe('the lower client', () => {
  test('health, also where a token is needed', async () => {
    for (const { url } of [open, locked]) {
      const { healthyServer } = await new OpaApiClient({ serverURL: url }).health(true, true)
      expect(healthyServer).toEqual({})
    }
  })

  test('decision id, metrics, provenance, packed bodies, strict errors', async () => {
    const client = new OpaApiClient({ serverURL: open.url })
    const answer = await client.executePolicyWithInput({
      path: 'app/authz/allow',
      requestBody: { input: { user: 'ada' } },
      metrics: true,
      instrument: true,
      provenance: true,
      pretty: true,
      strictBuiltinErrors: true,
    })
    expect(answer.successfulPolicyResponse).toMatchObject({
      result: true,
      decisionId: expect.any(String),
      metrics: { timer_rego_query_eval_ns: expect.any(Number) },
      provenance: expect.anything(),
    })
  })
})
