import { describe, expect, test } from 'bun:test'
import { allowedKeysAt } from '../../core/config/schema-walk.ts'
import { OPERATIONS } from './index.ts'
import type { Operation } from './operation.ts'
import type { AdminRig, Called } from './test-rig.ts'
import { createAdminRig } from './test-rig.ts'

/** Whoever sends what cannot be is told what is wrong and where, in words that are ours. */

/** Random: any letters may stand in it. */
const REQUEST_ID = /req_\w+/g
const LONG = 'x'.repeat(20_000)
const WRONG: readonly unknown[] = [null, 5, -1, 1e300, true, LONG, 'x', '', [], [5], {}, { a: [] }]
/** How the schema library speaks. */
const FOREIGN = /Invalid|Unrecognized|Too (small|big)|received|nonoptional|NaN|zod/

const pathOf = (operation: Operation): string =>
  `/v1${operation.path.replace('{tenantId}', 'acme').replaceAll(/\{\w+\}/g, 'thing')}`

async function createRig(): Promise<AdminRig> {
  const rig = await createAdminRig()
  await rig.call('POST', '/v1/tenants', { body: { id: 'acme', name: 'acme' } })
  return rig
}

interface Mistake {
  readonly in?: string
  readonly pointer: string
  readonly message: string
}

const mistakesOf = (answer: Called): readonly Mistake[] =>
  (answer.json as { readonly errors?: readonly Mistake[] }).errors ?? []

/** A refusal is a problem, names what is wrong, and says so in our own words. */
function expectClear(answer: Called, sent: string, internals: readonly string[]): void {
  const seen = `${sent} → ${answer.status} ${answer.text.slice(0, 500)}`
  // The input was good: what it would have gone to is no part of the rig.
  const isPast = internals.at(-1)?.includes('not part of this test') === true
  if (answer.status < 400 || (answer.status === 500 && isPast)) return
  expect(answer.status, seen).toBeLessThan(500)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.text.replaceAll(REQUEST_ID, ''), seen).not.toMatch(FOREIGN)
  if (answer.status === 422) expect(mistakesOf(answer).length, seen).toBeGreaterThan(0)
}

describe.each(
  OPERATIONS.flatMap((each) =>
    each.body === undefined ? [] : [[each.id, each, each.body] as const],
  ),
)('%s', (id, operation, schema) => {
  test('says what is wrong with each field, and with the whole', async () => {
    const rig = await createRig()
    const send = async (body: unknown): Promise<Called> =>
      rig.call(operation.method.toUpperCase(), pathOf(operation), { body })
    for (const field of allowedKeysAt(schema, [])) {
      for (const value of WRONG) {
        const sent = `${id} ${JSON.stringify({ [field]: value }).slice(0, 100)}`
        expectClear(await send({ [field]: value }), sent, rig.internals)
      }
    }
    for (const body of [null, 5, 'x', []]) {
      const answer = await send(body)
      expectClear(answer, `${id} ${JSON.stringify(body)}`, rig.internals)
      expect([400, 422]).toContain(answer.status)
    }
  })

  test('names unknown fields, and what may be meant by them', async () => {
    const rig = await createRig()
    const [field = ''] = allowedKeysAt(schema, [])
    const body = { [`${field}x`]: 1 }
    const answer = await rig.call(operation.method.toUpperCase(), pathOf(operation), { body })
    expect(answer.status).toBe(422)
    expect(mistakesOf(answer)).toContainEqual({
      in: 'body',
      pointer: `/${field}x`,
      message: expect.stringContaining(`did you mean "${field}"?`),
    })
  })
})

test.each(OPERATIONS.map((each) => [each.id, each] as const))(
  '%s names parameters that it does not know',
  async (_id, operation) => {
    const rig = await createRig()
    const [name = 'other'] = Object.keys(operation.query.shape)
    const target = `${pathOf(operation)}?${name}x=1`
    const answer = await rig.call(operation.method.toUpperCase(), target)
    expectClear(answer, target, rig.internals)
    expect(answer.status).toBe(422)
    expect(mistakesOf(answer)[0]).toMatchObject({ in: 'query', pointer: `/${name}x` })
  },
)

test('a secret that does not fit is not repeated', async () => {
  const rig = await createRig()
  const password = 'correct horse '.repeat(100)
  const answer = await rig.call('POST', '/v1/tenants/acme/users', {
    body: { login: 'ada', password: [password] },
  })
  expect(answer.status).toBe(422)
  expect(answer.text).not.toContain('horse')
})

test('many mistakes are told as twenty', async () => {
  const rig = await createRig()
  const body = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`nam${at}`, at]))
  const answer = await rig.call('POST', '/v1/tenants', { body })
  expect(mistakesOf(answer)).toHaveLength(20)
})

test('a new key that ends before it begins is refused', async () => {
  const rig = await createRig()
  const expiresAtMs = rig.clock.nowMs()
  const answer = await rig.call('POST', '/v1/tenants/acme/keys', {
    body: { name: 'k', expiresAtMs },
  })
  expect(answer.status).toBe(422)
  expect(mistakesOf(answer)).toEqual([
    { pointer: '/expiresAtMs', message: 'expected a time to come' },
  ])
})
