import { afterAll, expect, test } from 'bun:test'
import { createGate } from './index.ts'

const gate = await createGate({
  config: {
    routes: [
      {
        id: 'a',
        path: '/a',
        methods: ['POST'],
        credentials: ['anonymous'],
        request: { body: { type: 'object', additionalProperties: false } },
        handler: true,
      },
      { id: 'b', path: '/b', methods: ['POST'], credentials: ['anonymous'], handler: true },
    ],
  },
  handler: () => new Response('taken'),
})

afterAll(() => gate.close())

const post = (path: string, coding: string): Promise<Response> =>
  gate.fetch(
    new Request(`http://localhost${path}`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', 'content-encoding': coding },
    }),
  )

test.each(['gzip', 'br', 'deflate', 'identity, br', 'x-own', ''])(
  'a body that is checked has no Content-Encoding, such as %j: who decodes it reads another one',
  async (coding) => {
    const response = await post('/a', coding)
    expect(response.status).toBe(415)
    expect(response.headers.get('accept-encoding')).toBe('identity')
    expect(await response.json()).toMatchObject({ code: 'content_type_unsupported' })
  },
)

test.each([
  ['/a', 'identity'],
  ['/a', 'Identity'],
  ['/b', 'gzip'],
])('%s takes a body with the Content-Encoding %s', async (path, coding) => {
  expect(await (await post(path, coding)).text()).toBe('taken')
})
