import { describe, expect, test } from 'bun:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreateGateOptions, EmbeddedGate, GatewayConfigInput } from './index.ts'
import { createGate } from './index.ts'

/** Bodies of requests that a program hands in: no listener of the gate's own has held them to a size. */

type Route = NonNullable<GatewayConfigInput['routes']>[number]

const KIB = 1024
const ENDLESS_BYTES = 64 * KIB * KIB

const open = async (route: Partial<Route>, options: Partial<CreateGateOptions> = {}) =>
  createGate({
    config: {
      bans: { enabled: false },
      defaults: { bodyMax: '64KiB' },
      routes: [
        {
          id: 'a',
          path: '/a',
          methods: ['POST'],
          credentials: ['anonymous'],
          limits: [],
          ...route,
        },
      ],
    },
    ...options,
  })

/** A body without an announced length that tells how much of it was taken. */
function stream(bytes: number): { body: ReadableStream<Uint8Array>; taken(): number } {
  let taken = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken >= bytes) return controller.close()
      taken += KIB
      controller.enqueue(new Uint8Array(KIB).fill(0x20))
    },
  })
  return { body, taken: () => taken }
}

const post = async (gate: EmbeddedGate, body: BodyInit, headers: Record<string, string> = {}) =>
  gate.fetch(
    new Request('http://localhost/a', {
      method: 'POST',
      body,
      headers,
      duplex: 'half',
    } as RequestInit),
  )

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code

describe('a body without a length', () => {
  test('breaks off at the bound of the route while a handler reads it, and the client is told', async () => {
    const gate = await open(
      { bodyMax: '8KiB', handler: true },
      {
        handler: async (request) => new Response(String((await request.arrayBuffer()).byteLength)),
      },
    )
    expect(await (await post(gate, stream(8 * KIB).body)).text()).toBe('8192')
    const endless = stream(ENDLESS_BYTES)
    const refused = await post(gate, endless.body)
    expect(refused.status).toBe(413)
    expect(await codeOf(refused)).toBe('body_too_large')
    expect(endless.taken()).toBeLessThan(128 * KIB)
    await gate.close()
  })

  test('is not read beyond the bound where a schema wants the whole of it', async () => {
    const gate = await open({ request: { body: { type: 'object' } }, respond: {} })
    const endless = stream(ENDLESS_BYTES)
    const json = { 'content-type': 'application/json' }
    const refused = await post(gate, endless.body, json)
    expect([refused.status, await codeOf(refused)]).toEqual([413, 'body_too_large'])
    expect(endless.taken()).toBeLessThan(256 * KIB)
    await gate.close()
  })

  test('is for the handler alone to look after where the handler answers all the same', async () => {
    const gate = await open(
      { bodyMax: '8KiB', handler: true },
      {
        handler: async (request) => {
          await request.text().catch(() => '')
          return new Response('mine', { status: 418 })
        },
      },
    )
    expect((await post(gate, stream(ENDLESS_BYTES).body)).status).toBe(418)
    await gate.close()
  })

  test('a bound that a reload raises holds from then on', async () => {
    const route = {
      id: 'a',
      path: '/a',
      methods: ['POST' as const],
      credentials: ['anonymous' as const],
    }
    const handler = async (request: Request): Promise<Response> =>
      new Response(String((await request.text()).length))
    const gate = await open({ handler: true }, { handler })
    expect((await post(gate, stream(100 * KIB).body)).status).toBe(413)
    await gate.reload({ defaults: { bodyMax: '1MiB' }, routes: [{ ...route, handler: true }] })
    expect(await (await post(gate, stream(100 * KIB).body)).text()).toBe(String(100 * KIB))
    await gate.close()
  })
})

describe('a body that announces its length', () => {
  test('is refused unread beyond the bound, with a schema and without', async () => {
    const json = { 'content-type': 'application/json', 'content-length': String(ENDLESS_BYTES) }
    for (const route of [{ respond: {} }, { request: { body: { type: 'object' } }, respond: {} }]) {
      const gate = await open(route)
      const endless = stream(ENDLESS_BYTES)
      expect((await post(gate, endless.body, json)).status).toBe(413)
      expect(endless.taken()).toBeLessThan(256 * KIB)
      await gate.close()
    }
  })
})

describe('a request', () => {
  test('whose body was read before is judged without it, and never makes fetch reject', async () => {
    const handled = await open(
      { handler: true },
      { handler: async (request) => new Response(`[${await request.text()}]`) },
    )
    const checked = await open({ request: { body: { type: 'object' } }, respond: {} })
    const used = async (): Promise<Request> => {
      const request = new Request('http://localhost/a', {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      })
      await request.text()
      return request
    }
    expect(await (await handled.fetch(await used())).text()).toBe('[]')
    expect((await checked.fetch(await used())).status).toBeGreaterThanOrEqual(400)
    await handled.close()
    await checked.close()
  })

  test('of a real connection reaches the handler with its body, method, headers and signal', async () => {
    const gate = await open(
      { handler: true },
      {
        handler: async (request) =>
          Response.json([
            request.method,
            request.headers.get('x-mine'),
            request.signal.aborted,
            await request.text(),
          ]),
      },
    )
    const server = createServer((incoming, outgoing) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          incoming.on('data', (chunk: Uint8Array) => controller.enqueue(chunk))
          incoming.on('end', () => controller.close())
        },
      })
      void post(gate, body, { 'x-mine': 'yes' }).then(async (answer) =>
        outgoing.end(await answer.text()),
      )
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/a`, { method: 'POST', body: 'sent' })
    expect(await answer.json()).toEqual(['POST', 'yes', false, 'sent'])
    server.close()
    await gate.close()
  })
})
