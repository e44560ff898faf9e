import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { readGatewayConfig } from '../config-file.ts'
import type { Gateway } from '../gateway.ts'
import { startGateway } from '../gateway.ts'
import { createWorld } from '../world.ts'
import { describeApi, OPERATIONS } from './index.ts'

/** Every operation is called on a real gateway; every answer must be what the document says. */

const CONFIG = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
storage: { kind: memory, folder: FOLDER }
signals: { log: { level: silent } }
routes:
  - id: hello
    path: /hello/{name}
    permission: greeting:read
    respond: { body: { hello: world } }
`

let folder: string
let gateway: Gateway
let root: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-conformance-'))
  const path = join(folder, 'tollgate.yaml')
  writeFileSync(path, CONFIG.replace('FOLDER', join(folder, 'data')))
  const loaded = await readGatewayConfig(path, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  const world = createWorld(loaded.value.signals)
  const outcome = await startGateway({ path, loaded, environment: {}, world })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  gateway = outcome.gateway
  root = gateway.rootKey.created ?? ''
})

afterAll(async () => {
  await gateway.stop()
  rmSync(folder, { recursive: true })
})

const document = describeApi(OPERATIONS)
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema(JSON.parse(JSON.stringify(document)) as object, 'api')

const pointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1')

const called = new Set<string>()

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly field: (path: string) => string
}

/** Calls an operation by its id and checks the answer against the document. */
async function call(
  id: string,
  names: Readonly<Record<string, string>> = {},
  more: { readonly query?: string; readonly body?: unknown; readonly status?: number } = {},
): Promise<Answer> {
  const operation = OPERATIONS.find((each) => each.id === id)
  if (operation === undefined) throw new Error(`no operation ${id}`)
  called.add(id)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => names[name] ?? '')
  const response = await fetch(`${gateway.adminUrl}/v1${path}${more.query ?? ''}`, {
    method: operation.method.toUpperCase(),
    headers: { authorization: `Bearer ${root}`, 'content-type': 'application/json' },
    ...(more.body !== undefined && { body: JSON.stringify(more.body) }),
  })
  const text = await response.text()
  const expected = more.status ?? operation.status
  expect([id, response.status, text]).toEqual([id, expected, expect.any(String)])
  const type = response.headers.get('content-type')
  const json =
    type?.includes('json') === true && !type.includes('nd') ? JSON.parse(text) : undefined
  checkAnswer(operation.method, `/v1${operation.path}`, expected, type, json)
  const field = (wanted: string): string =>
    String(
      wanted
        .split('.')
        .reduce<unknown>(
          (value, key) => (value as Record<string, unknown> | undefined)?.[key],
          json,
        ),
    )
  return { status: response.status, headers: response.headers, text, field }
}

function checkAnswer(
  method: string,
  path: string,
  status: number,
  type: string | null,
  json: unknown,
): void {
  const isProblem = status >= 400
  const key = isProblem ? '4XX' : String(status)
  const media = isProblem ? 'application/problem+json' : 'application/json'
  if (json === undefined) return
  expect(type).toBe(media)
  const place = ['paths', path, method, 'responses', key, 'content', media, 'schema']
  const check = ajv.getSchema(`api#/${place.map(pointer).join('/')}`)
  if (check === undefined) throw new Error(`the document has nothing at ${place.join(' ')}`)
  expect([path, check(json), check.errors]).toEqual([path, true, null])
}

const tenant = { tenantId: 'acme' }

test('tenants, users, roles, sessions', async () => {
  await call('whoAmI')
  await call('createTenant', {}, { body: { id: 'acme', name: 'Acme', metadata: { a: [1, null] } } })
  await call('createTenant', {}, { body: { id: 'acme', name: 'Again' }, status: 409 })
  await call('listTenants', {}, { query: '?status=active&limit=1' })
  await call('getTenant', tenant)
  await call('getTenant', { tenantId: 'nothere' }, { status: 404 })
  await call('updateTenant', tenant, { body: { plan: 'gold' } })
  await call('suspendTenant', tenant)
  await call('resumeTenant', tenant)

  const body = { login: 'ada@example.org', password: 'correct horse battery staple 9' }
  const user = await call('createUser', tenant, { body })
  const ofUser = { ...tenant, userId: user.field('id') }
  await call('listUsers', tenant)
  await call('listUsers', tenant, { query: '?login=ADA@example.org' })
  await call('getUser', ofUser)
  await call('updateUser', ofUser, { body: { name: 'Ada' } })
  await call('setPassword', ofUser, { body: { password: 'another long and fine pass phrase' } })
  const credentials = { tenantId: 'acme', login: 'ada@example.org', address: '127.0.0.1' }
  const password = 'another long and fine pass phrase'
  const login = async () => gateway.nouns.identity.users.login({ ...credentials, password })
  const session = await login()
  if (!session.ok) throw new Error(session.refusal.code)
  await call('listSessions', ofUser)
  await call('endSession', { ...tenant, sessionId: session.value.session.id })
  await login()
  expect((await call('endSessions', ofUser)).field('ended')).toBe('1')

  await call('createRole', tenant, { body: { name: 'greeter', permissions: ['greeting:read'] } })
  await call('createRole', tenant, { body: { name: 'x', inherits: ['nobody'] }, status: 422 })
  const role = { ...tenant, role: 'greeter' }
  await call('listRoles', tenant)
  await call('getRole', role)
  await call('updateRole', role, { body: { description: 'Greets.' } })
  await call('assignRole', { ...ofUser, role: 'greeter' })
  await call('assignRole', { ...ofUser, role: 'greeter' })
  await call('listAssignments', ofUser)
  await call('listRoleHolders', role)
  await call('unassignRole', { ...ofUser, role: 'greeter' })
  await call('deleteRole', role)
  await call('disableUser', ofUser)
  await call('enableUser', ofUser)
  await call('deleteUser', ofUser)
})

test('keys, tokens, explanations', async () => {
  const body = { name: 'ci', roles: ['viewer'], limits: { default: 5 }, allowedCidrs: [] }
  const key = await call('createKey', tenant, { body })
  expect(key.headers.get('location')).toBe(`/v1/tenants/acme/keys/${key.field('key.id')}`)
  const ofKey = { ...tenant, keyId: key.field('key.id') }
  await call('listKeys', tenant)
  await call('getKey', ofKey)
  await call('updateKey', ofKey, { body: { name: 'cd', expiresAtMs: Date.now() + 3_600_000 } })
  await call('rotateKey', ofKey, { body: { overlapMs: 0 } })
  await call('rotateKey', ofKey)
  await call('disableKey', ofKey)
  await call('enableKey', ofKey)

  const owner = { kind: 'key', id: ofKey.keyId }
  const tokens = await call('issueToken', tenant, { body: { owner } })
  await call('inspectToken', tenant, { body: { token: tokens.field('accessToken') } })
  await call('inspectToken', tenant, { body: { token: 'junk' }, status: 404 })
  await call('listTokens', tenant)
  await call('revokeToken', { ...tenant, tokenId: tokens.field('token.id') })

  const asKey = { method: 'GET', url: '/hello/ada', keyId: ofKey.keyId, tenantId: 'acme' }
  const allowed = await call('explain', {}, { body: asKey })
  expect([allowed.field('outcome'), allowed.field('route')]).toEqual(['allow', 'hello'])
  expect(allowed.field('caller.id')).toBe(ofKey.keyId)
  const nowhere = await call('explain', {}, { body: { ...asKey, tenantId: 'acne' }, status: 404 })
  expect(nowhere.field('detail')).toBe('There is no tenant acne.')
  const noKey = await call('explain', {}, { body: { ...asKey, keyId: 'key_0' }, status: 404 })
  expect(noKey.field('detail')).toBe('There is no key key_0.')
  const anonymous = await call('explain', {}, { body: { url: '/hello/ada' } })
  expect([anonymous.field('outcome'), anonymous.field('code')]).toEqual([
    'refuse',
    'credential_missing',
  ])
  const headers = { authorization: 'Bearer junk' }
  const junk = await call('explain', {}, { body: { url: '/hello/ada', headers } })
  expect(junk.field('code')).toBe('credential_invalid')

  await call('revokeKey', ofKey)
  await call('deleteKey', ofKey)
})

test('limits, bans, configuration, figures', async () => {
  await call('listLimits')
  const query = '?address=203.0.113.7'
  await call('peekLimit', { limit: 'default' }, { query })
  await call('peekLimit', { limit: 'nothere' }, { query, status: 404 })
  await call('resetLimit', { limit: 'default' }, { query })
  const ofNobody = { query: `${query}&tenantId=acne`, status: 404 }
  await call('peekLimit', { limit: 'default' }, ofNobody)
  await call('resetLimit', { limit: 'default' }, ofNobody)

  const body = { kind: 'address', subject: '203.0.113.0/24', reason: 'test', durationMs: 60_000 }
  const ban = await call('createBan', {}, { body })
  await call('createBan', {}, { body: { ...body, subject: 'nowhere' }, status: 400 })
  await call('createBan', {}, { body: { ...body, subject: '0.0.0.0/0' }, status: 409 })
  await call('listBans')
  await call('getBan', { banId: ban.field('id') })
  await call('liftBan', { banId: ban.field('id') })
  await call('getBan', { banId: ban.field('id') }, { status: 404 })

  await call('getConfig')
  const wrong = await call('checkConfig', {}, { body: { text: 'ruotes: []' } })
  expect([wrong.field('ok'), wrong.field('errors.0.suggestion')]).toEqual(['false', 'routes'])
  await call('reloadConfig')
  await call('listRoutes')
  await call('listUpstreams')
  await call('listPolicies')
  await call('listPolicyShadows')
  await call('getStats')
})

test('the audit log, and the end', async () => {
  const page = await call('queryAudit', {}, { query: '?kind=admin&outcome=ok&limit=2' })
  expect(page.field('data.0.actor.id')).toBe('root')
  await call('queryAudit', {}, { query: '?cursor=forged', status: 400 })
  await call('queryAudit', {}, { query: '?from=yesterday', status: 422 })
  const exported = await call('exportAudit', {}, { query: '?tenantId=acme&kind=admin' })
  const lines = exported.text.trim().split('\n')
  expect(lines.length).toBeGreaterThan(20)
  expect(lines.every((line) => JSON.parse(line).tenantId === 'acme')).toBe(true)
  const checkpoint = await call('getCheckpoint')
  const noted = { seq: Number(checkpoint.field('seq')), hash: checkpoint.field('hash') }
  const verified = await call('verifyAudit', {}, { body: { checkpoint: noted } })
  expect(verified.field('ok')).toBe('true')
  await call('verifyAudit')
  await call('deleteTenant', tenant)
  root = (await call('rotateRootKey')).field('secret')
  await call('whoAmI')
})

test('stored responses', async () => {
  await call('getCache')
  await call('purgeCache', {}, { body: { kind: 'key', subject: 'scene-7' } })
  await call('purgeCache', {}, { body: { kind: 'all' } })
  await call('purgeCache', {}, { body: { kind: 'url', subject: '/no-host' }, status: 422 })
})

test('no operation was left out', () => {
  const missed = OPERATIONS.map(({ id }) => id).filter((id) => !called.has(id))
  expect(missed).toEqual([])
})
