import { describe, expect, test } from 'bun:test'
import type { EmbeddedGate, GatewayConfigInput, Handler } from './index.ts'
import { createGate } from './index.ts'

/** Fields that are for one hop alone, by which nobody behind that hop may be judged (RFC 9110 §7.6.1). */

type Route = NonNullable<GatewayConfigInput['routes']>[number]

const open = (route: Partial<Route>, handler: Handler): Promise<EmbeddedGate> =>
  createGate({
    config: {
      routes: [{ id: 'a', path: '/a', credentials: ['anonymous'], handler: true, ...route }],
    },
    handler,
  })

const ask = (language: string, connection: string): Request =>
  new Request('http://localhost/a', {
    headers: { 'accept-language': language, connection },
  })

describe('a field that Connection lists', () => {
  test('chooses no stored answer, because the answer was made without it', async () => {
    const handler: Handler = (request) =>
      new Response(request.headers.get('accept-language') ?? 'none', {
        headers: { 'cache-control': 'max-age=60', vary: 'accept-language' },
      })
    const gate = await open({ cache: { scope: 'shared' } }, handler)
    const said = async (request: Request): Promise<string> => (await gate.fetch(request)).text()
    expect(await said(ask('de', 'close, Accept-Language'))).toBe('none')
    expect(await said(ask('de', 'close'))).toBe('de')
    await gate.close()
  })

  test('does not take the body with it', async () => {
    const checks = { body: { type: 'object' }, headers: { properties: { 'x-a': { const: 1 } } } }
    const gate = await open({ methods: ['POST'], request: checks }, (request, { body }) =>
      Response.json([body, request.headers.get('x-a')]),
    )
    const request = new Request('http://localhost/a', {
      method: 'POST',
      body: '{"b":1}',
      headers: { 'content-type': 'application/json', 'x-a': '2', connection: 'x-a' },
    })
    expect(await (await gate.fetch(request)).json()).toEqual([{ b: 1 }, null])
    await gate.close()
  })
})
