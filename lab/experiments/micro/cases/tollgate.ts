import type { EmbeddedGate } from '../../../../src/index.ts'
import { createGate } from '../../../../src/index.ts'
import type { MicroCase, MicroSubject } from '../define.ts'
import { defineMicro } from '../define.ts'
import { cacheCases } from './cache.ts'

const URL_OF_ITEM = 'http://localhost/item'
const PERMISSION = 'item:read'
const BODY = JSON.stringify({ player: 'player-000001', scene: 'atrium-01', x: 12.53 })
const BODY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['player', 'scene', 'x'],
  properties: {
    player: { type: 'string', pattern: '^player-[0-9]{6}$' },
    scene: { type: 'string', minLength: 1, maxLength: 64 },
    x: { type: 'number', minimum: -1000, maximum: 1000 },
  },
}

/** A gate with one route and the given layers, which either caches verified credentials or never does. */
async function gateWith(
  route: Readonly<Record<string, unknown>>,
  entriesMax = 1000,
): Promise<EmbeddedGate> {
  const gate = await createGate({
    config: {
      identity: { cache: { entriesMax, ageMax: '1h' } },
      limits: { high: { kind: 'bucket', limit: 1_000_000, window: '1s', by: 'client' } },
      defaults: { limits: [] },
      routes: [
        {
          id: 'item',
          path: '/item',
          methods: ['GET', 'POST'],
          credentials: ['anonymous'],
          audit: false,
          respond: { body: { ok: true } },
          ...route,
        },
      ],
    },
  })
  await gate.identity.tenants.create({ id: 'lab', name: 'Lab' })
  return gate
}

async function makeKey(gate: EmbeddedGate): Promise<string> {
  const made = await gate.identity.keys.create('lab', { name: 'lab', permissions: [PERMISSION] })
  if (!made.ok) throw new Error(made.refusal.code)
  return made.value.secret
}

/** A case that sends a whole request, and fails if the answer is not 200. */
function request(
  name: string,
  route: Readonly<Record<string, unknown>>,
  {
    withKey = false,
    body,
    ...compared
  }: { withKey?: boolean; body?: string } & Pick<MicroCase, 'against' | 'differenceName'>,
): MicroCase {
  return {
    name,
    ...compared,
    prepare: async (): Promise<MicroSubject> => {
      const gate = await gateWith(route)
      const headers = {
        ...(withKey && { authorization: `Bearer ${await makeKey(gate)}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }
      const init = body === undefined ? { headers } : { method: 'POST', headers, body }
      const send = async (): Promise<Response> => gate.fetch(new Request(URL_OF_ITEM, init))
      const { status } = await send()
      if (status !== 200) throw new Error(`${name} is answered with ${status}`)
      return { run: send, close: () => gate.close() }
    },
  }
}

/** Operations of the gate, through its public package. */
export const tollgateCases = defineMicro(
  {
    name: 'authentication, cached',
    prepare: async () => {
      const gate = await gateWith({})
      const key = await makeKey(gate)
      await gate.identity.resolve(key, Date.now())
      const nowMs = Date.now()
      return { run: () => gate.identity.resolve(key, nowMs), close: () => gate.close() }
    },
  },
  {
    name: 'authentication, cold',
    prepare: async () => {
      // Three keys in turn: a cache with room for one never holds the next.
      const gate = await gateWith({}, 1)
      const keys = [await makeKey(gate), await makeKey(gate), await makeKey(gate)]
      const nowMs = Date.now()
      let turn = 0
      const run = async (): Promise<unknown> => {
        turn = (turn + 1) % keys.length
        return gate.identity.resolve(keys[turn] ?? '', nowMs)
      }
      return { run, close: () => gate.close() }
    },
  },
  {
    name: 'permission check',
    prepare: async () => {
      const gate = await gateWith({})
      const found = await gate.identity.resolve(await makeKey(gate), Date.now())
      if (!('permissions' in found)) throw new Error('the key is not known')
      const { permissions } = found
      // Different questions, so that an answer cannot be carried from one iteration to the next.
      const asked = [PERMISSION, 'item:write', 'scene:read', 'scene.draft:delete']
      let turn = 0
      const run = (): boolean => {
        turn = (turn + 1) & 3
        return permissions.has(asked[turn] ?? '')
      }
      return { run, close: () => gate.close() }
    },
  },
  ...cacheCases,
  {
    name: 'making a request object',
    prepare: () => ({ run: () => new Request(URL_OF_ITEM) }),
  },
  request('request without authentication', {}, {}),
  request(
    'request with authentication',
    { credentials: ['key'] },
    {
      withKey: true,
      against: 'request without authentication',
      differenceName: 'authentication, in a request',
    },
  ),
  request(
    'request with authentication and permission',
    { credentials: ['key'], permission: PERMISSION },
    {
      withKey: true,
      against: 'request with authentication',
      differenceName: 'permission, in a request',
    },
  ),
  request(
    'request with a limiter',
    { limits: ['high'] },
    { against: 'request without authentication', differenceName: 'limiter, in a request' },
  ),
  request('request with a body', {}, { body: BODY }),
  request(
    'request with a body that is validated',
    { request: { body: BODY_SCHEMA } },
    { body: BODY, against: 'request with a body', differenceName: 'validation, in a request' },
  ),
)
