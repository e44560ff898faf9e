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
