import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GateProcess } from '../gate-process.fixture.ts'
import { makeFolder, makeKey, removeFolder, startGateProcess } from '../gate-process.fixture.ts'

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
limits:
  uploads: { kind: bucket, limit: 10, window: 1m, plans: { gold: 100 } }
`),
  )
  await gate.json('POST', '/v1/tenants', { id: 'acme', name: 'Acme' })
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
})

const KEYS = '/v1/tenants/acme/keys'

describe('a key', () => {
  test.each([
    [
      { limits: { upload: 5 } },
      '/limits/upload',
      'no limit is named "upload"; did you mean uploads?',
    ],
    [{ plan: 'glod' }, '/plan', 'no plan is named "glod"; did you mean gold?'],
  ])('with %j is refused, and told what was meant', async (own, pointer, message) => {
    const made = await gate.call('POST', KEYS, { name: 'a', ...own })
    expect(made.status).toBe(422)
    expect(await made.json()).toMatchObject({ errors: [{ in: 'body', pointer, message }] })
    const { id } = await makeKey(gate, 'acme', {})
    expect((await gate.call('PATCH', `${KEYS}/${id}`, own)).status).toBe(422)
  })

  test('may have limits of its own, a plan, and neither', async () => {
    for (const own of [{ limits: { uploads: 5, default: 3 } }, { plan: 'gold' }, { plan: null }]) {
      expect((await gate.call('POST', KEYS, { name: 'a', ...own })).status).toBe(201)
    }
  })
})

describe('a tenant', () => {
  const refused = {
    errors: [
      { in: 'body', pointer: '/plan', message: 'no plan is named "glod"; did you mean gold?' },
    ],
  }

  test('with a plan that no limit knows is refused, and nothing is made', async () => {
    const made = await gate.call('POST', '/v1/tenants', { id: 'slip', name: 'Slip', plan: 'glod' })
    expect(made.status).toBe(422)
    expect(await made.json()).toMatchObject(refused)
    expect((await gate.call('GET', '/v1/tenants/slip')).status).toBe(404)
  })

  test('keeps its plan when it is changed to one that no limit knows', async () => {
    await gate.json('POST', '/v1/tenants', { id: 'kept', name: 'Kept', plan: 'gold' })
    const changed = await gate.call('PATCH', '/v1/tenants/kept', { name: 'New', plan: 'glod' })
    expect(changed.status).toBe(422)
    expect(await changed.json()).toMatchObject(refused)
    expect(await gate.json('GET', '/v1/tenants/kept')).toMatchObject({ name: 'Kept', plan: 'gold' })
  })

  test('may have a plan, none, and be changed without a word of it', async () => {
    const path = '/v1/tenants/free'
    await gate.json('POST', '/v1/tenants', { id: 'free', name: 'Free' })
    for (const plan of ['gold', null]) {
      expect((await gate.call('PATCH', path, { plan })).status).toBe(200)
      expect((await gate.call('PATCH', path, { name: 'Other' })).status).toBe(200)
      expect(await gate.json('GET', path)).toMatchObject({ name: 'Other', plan })
    }
  })

  test('is told nothing of plans when it may not change its own', async () => {
    const { secret } = await makeKey(gate, 'acme', {
      permissions: ['tollgate.tenant.profile:write'],
    })
    const changed = await fetch(`${gate.admin}/v1/tenants/acme`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ plan: 'glod' }),
    })
    expect(changed.status).toBe(403)
    expect(await changed.text()).not.toContain('gold')
  })
})
