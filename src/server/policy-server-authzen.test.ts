import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../core/clock.ts'
import { createPolicyStore } from '../policy/with-rego.ts'
import type { PolicyServer } from './policy-server.ts'
import { startPolicyServer } from './policy-server.ts'

/**
 * What a decision point must answer to be certified for AuthZEN 1.0, level by level, and the decisions
 * that the interoperability events agreed on for a list of things to do.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html
 */

const RECORDS = `package records

default allow := false

allow if {
	input.action.name == "read"
	input.subject.id in {"alice", "bob"}
}

allow if {
	input.action.name == "write"
	input.subject.id == "alice"
	not archived
}

allow if {
	input.action.name == "write"
	object.get(input.subject, ["properties", "role"], "") == "admin"
	archived
}

allow if {
	input.action.name == "delete"
	input.subject.id == "alice"
	input.action.properties.soft == true
}

archived if input.resource.properties.status == "archived"

stored := {"record-1": {"status": "active"}, "record-2": {"status": "archived"}}

roles := {"bob": {"role": "admin"}}

subjects contains {"type": "user", "id": id} if {
	input.subject.type == "user"
	some id in ["alice", "bob"]
	subject := {"type": "user", "id": id, "properties": object.get(roles, id, {})}
	allow with input.subject as subject
}

resources contains {"type": "record", "id": id} if {
	input.resource.type == "record"
	some id, properties in stored
	allow with input.resource as {"type": "record", "id": id, "properties": properties}
}

actions contains {"name": name} if {
	some name in ["read", "write"]
	allow with input.action as {"name": name}
}
`

const TODO = `package todo

default allow := false

roles := data.people[input.subject.id].roles

allow if input.action.name in {"can_read_user", "can_read_todos"}

allow if {
	input.action.name == "can_create_todo"
	some role in roles
	role in {"admin", "editor"}
}

allow if {
	input.action.name == "can_update_todo"
	"evil_genius" in roles
}

allow if {
	input.action.name == "can_delete_todo"
	"admin" in roles
}

allow if {
	input.action.name in {"can_update_todo", "can_delete_todo"}
	"editor" in roles
	input.resource.properties.ownerID == data.people[input.subject.id].email
}
`

const AUTHZEN = `package authzen

default allow := false

allow := data.todo.allow if input.resource.type in {"todo", "user"}

allow := data.records.allow if not input.resource.type in {"todo", "user"}

subjects := data.records.subjects

resources := data.records.resources

actions := data.records.actions
`

/** The subjects of the published decisions: base64 of what their identity provider calls them. */
const personId = (n: number): string =>
  Buffer.from(`\n$fd${n}614d3-c39a-4781-b7bd-8b96f5a5100d\u0012\u0005local`)
    .toString('base64')
    .replace(/=+$/, '')

const PEOPLE = [
  { name: 'rick', email: 'rick@the-citadel.com', roles: ['admin', 'evil_genius'] },
  { name: 'morty', email: 'morty@the-citadel.com', roles: ['editor'] },
  { name: 'summer', email: 'summer@the-smiths.com', roles: ['editor'] },
  { name: 'beth', email: 'beth@the-smiths.com', roles: ['viewer'] },
  { name: 'jerry', email: 'jerry@the-smiths.com', roles: ['viewer'] },
].map(({ name, email, roles }, n) => ({ name, email, roles, id: personId(n) }))

let server: PolicyServer
beforeAll(() => {
  const people = Object.fromEntries(PEOPLE.map(({ id, email, roles }) => [id, { email, roles }]))
  const modules = { 'a.rego': AUTHZEN, 'r.rego': RECORDS, 't.rego': TODO }
  server = startPolicyServer({
    hostname: '127.0.0.1',
    port: 0,
    token: undefined,
    clock: systemClock,
    store: createPolicyStore({
      sources: { modules, data: { people }, revision: 'r1', regoVersion: 1 },
      steps: 1_000_000,
    }),
    onBug: (error) => {
      throw error
    },
  })
})
afterAll(async () => {
  await server.stop()
})

const JSON_TYPE = { 'content-type': 'application/json' }

async function post(path: string, body: unknown, headers: Record<string, string> = JSON_TYPE) {
  const answer = await fetch(`${server.url}/access/v1/${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const json = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, json, headers: answer.headers }
}

const user = (id: string, properties?: object) => ({
  type: 'user',
  id,
  ...(properties && { properties }),
})
const record = (n: number, status?: string) => ({
  type: 'record',
  id: `record-${n}`,
  ...(status !== undefined && { properties: { status } }),
})
const action = (name: string, properties?: object) => ({ name, ...(properties && { properties }) })
const alice = user('alice')
const bob = user('bob')
const admin = user('bob', { role: 'admin' })
const read = action('read')
const write = action('write')
const alicesRead = { subject: alice, action: read, resource: record(1) }

describe('Basic', () => {
  test.each([
    ['a permit', alicesRead, true],
    ['a write of a record', { subject: alice, action: write, resource: record(1) }, true],
    ['a read by another', { subject: bob, action: read, resource: record(1) }, true],
    ['a denial', { subject: bob, action: write, resource: record(1) }, false],
    ['a context changes nothing', { ...alicesRead, context: { ip: '192.168.1.1' } }, true],
    [
      'properties of the resource',
      { subject: alice, action: write, resource: record(2, 'archived') },
      false,
    ],
    [
      'properties of the subject',
      { subject: admin, action: write, resource: record(2, 'archived') },
      true,
    ],
    [
      'properties of the action',
      { subject: alice, action: action('delete', { soft: true }), resource: record(1) },
      true,
    ],
    [
      'other properties of the action',
      { subject: alice, action: action('delete', { soft: false }), resource: record(1) },
      false,
    ],
    [
      'properties that no rule asks for',
      {
        subject: user('alice', { department: 'Sales', role: 'manager' }),
        action: action('read', { method: 'GET' }),
        resource: { ...record(1), properties: { status: 'active', owner: 'bob' } },
      },
      true,
    ],
    ['unknown members', { ...alicesRead, foo: 'bar', futureField: { nested: true } }, true],
  ])('%s', async (_what, question, decision) => {
    for (let time = 0; time < 3; time++) {
      const { status, json, headers } = await post('evaluation', question)
      expect([status, json['decision']]).toEqual([200, decision])
      expect(headers.get('content-type')).toStartWith('application/json')
    }
  })

  const { subject, action: asked, resource } = alicesRead
  test.each([
    ['no subject', { action: asked, resource }],
    ['no action', { subject, resource }],
    ['no resource', { subject, action: asked }],
    ['a subject without type', { ...alicesRead, subject: { id: 'alice' } }],
    ['a subject without id', { ...alicesRead, subject: { type: 'user' } }],
    ['an action without name', { ...alicesRead, action: {} }],
    ['a resource without type', { ...alicesRead, resource: { id: 'record-1' } }],
    ['a resource without id', { ...alicesRead, resource: { type: 'record' } }],
    ['a subject that is text', { ...alicesRead, subject: 'alice' }],
    ['a name that is a number', { ...alicesRead, action: { name: 123 } }],
    ['what is no JSON', '{"subject":'],
    ['nothing', ''],
  ])('%s is 400', async (_what, question) => {
    expect((await post('evaluation', question)).status).toBe(400)
  })

  test('another content type is 400', async () => {
    const plain = { 'content-type': 'text/plain' }
    expect((await post('evaluation', alicesRead, plain)).status).toBe(400)
  })

  test('the id of a request comes back, also with an error; without one nothing fails', async () => {
    const headers = { ...JSON_TYPE, 'x-request-id': 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716' }
    for (const question of [alicesRead, {}]) {
      const answer = await post('evaluation', question, headers)
      expect(answer.headers.get('x-request-id')).toBe(headers['x-request-id'])
    }
    expect((await post('evaluation', alicesRead)).status).toBe(200)
  })
})

describe('Batch', () => {
  const archived = record(2, 'archived')
  test.each([
    [
      'defaults for all',
      {
        subject: alice,
        action: read,
        evaluations: [{ resource: record(1) }, { resource: record(2) }],
      },
      [true, true],
    ],
    [
      'decisions in the order of the questions',
      { subject: bob, resource: record(1), evaluations: [{ action: read }, { action: write }] },
      [true, false],
    ],
    [
      'properties of each resource',
      {
        subject: alice,
        action: write,
        evaluations: [{ resource: record(1, 'active') }, { resource: archived }],
      },
      [true, false],
    ],
    [
      'properties of each subject',
      { action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] },
      [false, true],
    ],
    [
      'questions that say everything',
      { evaluations: [alicesRead, { subject: bob, action: write, resource: record(1) }] },
      [true, false],
    ],
    [
      'a context for all, and one of its own',
      {
        subject: alice,
        action: read,
        context: { time: '2025-06-27T18:03-07:00' },
        evaluations: [{ resource: record(1) }, { resource: record(2), context: { source: 'x' } }],
      },
      [true, true],
    ],
    [
      'an entity of its own replaces the default, its type is taken over',
      {
        subject: alice,
        action: write,
        resource: { type: 'record', properties: { status: 'archived' } },
        evaluations: [
          { resource: { id: 'record-1', properties: { status: 'active' } } },
          { resource: { id: 'record-1' } },
          { resource: archived },
        ],
      },
      [true, true, false],
    ],
  ])('%s', async (_what, question, decisions) => {
    const { status, json } = await post('evaluations', question)
    expect(status).toBe(200)
    expect(json).toEqual({ evaluations: decisions.map((decision) => ({ decision })) })
  })

  test('a bad question is denied for itself; the others are answered', async () => {
    const evaluations = [{ resource: record(1) }, {}]
    const answer = await post('evaluations', { subject: alice, action: read, evaluations })
    expect(answer).toMatchObject({
      status: 200,
      json: { evaluations: [{ decision: true }, { decision: false }] },
    })
  })

  test('without questions, or with none, it is a single evaluation', async () => {
    expect((await post('evaluations', alicesRead)).json).toEqual({ decision: true })
    const empty = { ...alicesRead, evaluations: [] }
    expect((await post('evaluations', empty)).json).toEqual({ decision: true })
    expect((await post('evaluations', '{')).status).toBe(400)
  })
})

describe('Search', () => {
  const readers = { subject: { type: 'user' }, action: read, resource: record(1) }
  test.each([
    ['subject', readers, [alice, bob]],
    ['subject', { ...readers, context: { ip: '192.0.2.1' } }, [alice, bob]],
    ['subject', { ...readers, action: write, resource: record(2, 'archived') }, [bob]],
    ['subject', { ...readers, subject: { type: 'spaceship' } }, []],
    [
      'resource',
      { subject: alice, action: read, resource: { type: 'record' } },
      [record(1), record(2)],
    ],
    ['resource', { subject: admin, action: write, resource: { type: 'record' } }, [record(2)]],
    ['action', { subject: alice, resource: record(1) }, [read, write]],
    [
      'action',
      { subject: alice, resource: record(1), context: { ip: '192.0.2.1' } },
      [read, write],
    ],
    ['action', { subject: admin, resource: record(2, 'archived') }, [read, write]],
    ['action', { subject: user('nonexistent-user'), resource: record(1) }, []],
  ])('for a %s: %j', async (kind, question, results) => {
    const { status, json } = await post(`search/${kind}`, question)
    expect([status, json['results']]).toEqual([200, results])
  })

  test('pages follow each other until the token is empty', async () => {
    const found: unknown[] = []
    let token = ''
    do {
      const page = { limit: 1, ...(token !== '' && { token }) }
      const { json } = await post('search/subject', { ...readers, page })
      found.push(...(json['results'] as unknown[]))
      token = (json['page'] as { next_token: string }).next_token
    } while (token !== '')
    expect(found).toEqual([alice, bob])
  })

  test.each([
    ['subject', { subject: { type: 'user' }, resource: record(1) }],
    ['resource', { action: read, resource: { type: 'record' } }],
    ['action', { subject: alice }],
    ['subject', { ...readers, resource: { type: 'record' } }],
    ['resource', { subject: { type: 'user' }, action: read, resource: { type: 'record' } }],
  ])('for a %s with something missing is 400: %j', async (kind, question) => {
    expect((await post(`search/${kind}`, question)).status).toBe(400)
  })
})

test('Discovery names the decision point and its endpoints', async () => {
  const answer = await fetch(`${server.url}/.well-known/authzen-configuration`)
  expect(answer.headers.get('content-type')).toStartWith('application/json')
  const at = `${server.url}/access/v1`
  expect(await answer.json()).toEqual({
    policy_decision_point: server.url,
    access_evaluation_endpoint: `${at}/evaluation`,
    access_evaluations_endpoint: `${at}/evaluations`,
    search_subject_endpoint: `${at}/search/subject`,
    search_resource_endpoint: `${at}/search/resource`,
    search_action_endpoint: `${at}/search/action`,
  })
})

describe('the things to do', () => {
  const todo = (ownerID: string) => ({
    type: 'todo',
    id: '7240d0db-8ff0-41ec-98b2-34a096273b9f',
    properties: { ownerID },
  })
  const plain = { type: 'todo', id: 'todo-1' }
  const rick = PEOPLE[0]?.email ?? ''
  // create, then update and delete of another's (Rick's own, for Rick), then of one's own
  const DECISIONS: Readonly<
    Record<string, readonly [boolean, boolean, boolean, boolean, boolean]>
  > = {
    rick: [true, true, true, true, true],
    morty: [true, false, false, true, true],
    summer: [true, false, false, true, true],
    beth: [false, false, false, false, false],
    jerry: [false, false, false, false, false],
  }

  test.each(PEOPLE)('$name', async ({ name, id, email }) => {
    const [create = false, update, drop, updateOwn, dropOwn] = DECISIONS[name] ?? []
    const own = todo(name === 'rick' ? 'morty@the-citadel.com' : email)
    const questions: [string, object, boolean | undefined][] = [
      ['can_read_user', user('beth@the-smiths.com'), true],
      ['can_read_user', user(email), true],
      ['can_read_todos', plain, true],
      ['can_create_todo', plain, create],
      ['can_update_todo', todo(rick), update],
      ['can_delete_todo', todo(rick), drop],
      ['can_update_todo', own, updateOwn],
      ['can_delete_todo', own, dropOwn],
    ]
    const subject = user(id)
    for (const [asked, resource, decision] of questions) {
      const { json } = await post('evaluation', { subject, action: action(asked), resource })
      expect([asked, json['decision']]).toEqual([asked, decision])
    }
    const evaluations = questions.map(([asked, resource]) => ({ action: action(asked), resource }))
    const { json } = await post('evaluations', { subject, evaluations })
    expect(json).toEqual({ evaluations: questions.map(([, , decision]) => ({ decision })) })
  })
})
