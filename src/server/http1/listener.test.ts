import { describe, expect, test } from 'bun:test'
import { CLOSE, get, openTestListener, text, useListener } from './listener.fixture.ts'
import { RawClient, exchange } from './raw-client.fixture.ts'
import type { Rejection } from './rejection.ts'

const listeners = useListener()

describe('a listener', () => {
  test('turns requests away when too many are in flight, and answers again afterwards', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const told: Rejection[] = []
    const port = listeners.listen({
      requestsMax: 2,
      handle: () => held.then(() => text('ok')),
      onRejected: (rejection) => told.push(rejection),
    })
    const url = `http://127.0.0.1:${port}/`
    const first = [fetch(url), fetch(url)]
    while (listeners.opened.requestsInFlight < 2) await Bun.sleep(1)
    const third = await fetch(url)
    expect(third.status).toBe(503)
    expect(third.headers.get('retry-after')).toBe('1')
    const requestId = third.headers.get('x-request-id')!
    expect(await third.json()).toMatchObject({ code: 'unavailable', requestId })
    const told503 = { reason: 'requests_max', code: 'unavailable', requestId, isHandled: false }
    expect(told).toEqual([{ ...told503, address: '127.0.0.1' } as Rejection])
    release()
    for (const response of await Promise.all(first)) expect(response.status).toBe(200)
    expect((await fetch(url)).status).toBe(200)
  })

  test('closes connections beyond its limit at once, and tells of them', async () => {
    const told: Rejection[] = []
    const port = listeners.listen({
      connectionsMax: 2,
      onRejected: (rejection) => told.push(rejection),
    })
    const clients = [await RawClient.open(port), await RawClient.open(port)]
    for (const client of clients) {
      client.send(get('/'))
      await client.until((all) => all.includes('200'))
    }
    const third = await RawClient.open(port)
    third.send(get('/'))
    expect(await third.ended()).toBe('')
    expect(told).toEqual([
      {
        reason: 'connections_max',
        code: 'unavailable',
        address: '127.0.0.1',
        requestId: undefined,
        isHandled: false,
      },
    ])
    clients[0]!.close()
    while (listeners.opened.openConnections > 1) await Bun.sleep(1)
    expect(await exchange(port, get('/', CLOSE))).toContain('200')
    clients[1]!.close()
  })

  test('holds each address to its limit', async () => {
    const port = listeners.listen({ connectionsPerAddressMax: 1 })
    const one = await RawClient.open(port)
    one.send(get('/'))
    await one.until((all) => all.includes('200'))
    expect(await exchange(port, get('/'))).toBe('')
    one.close()
    while (listeners.opened.openConnections > 0) await Bun.sleep(1)
    expect(await exchange(port, get('/', CLOSE))).toContain('200')
  })

  test('says whose request could not be read, how it was answered, and why', async () => {
    const told: Rejection[] = []
    const port = listeners.listen({ onRejected: (rejection) => told.push(rejection) })
    const received = await exchange(port, 'GET / HTTP/1.1\r\n\r\n')
    expect(received).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json.*"code":"bad_request"/s,
    )
    expect(received).toContain('connection: close')
    expect(told).toMatchObject([
      { reason: 'host', code: 'bad_request', address: '127.0.0.1', isHandled: false },
    ])
    expect(received).toContain(`x-request-id: ${told[0]!.requestId}\r\n`)
    expect(received).toContain(`"requestId":"${told[0]!.requestId}"`)
    await exchange(port, 'GET / HTTP/1.1\r\n\r\n')
    expect(told[1]!.requestId).not.toBe(told[0]!.requestId)
  })

  test('says which address cannot be bound', () => {
    const port = listeners.listen()
    expect(() => openTestListener({ port })).toThrow(/already in use/)
  })

  test('shares its address where that is asked for', async () => {
    const one = openTestListener({ reusePort: true })
    const other = openTestListener({ port: one.port, reusePort: true })
    await one.drain(0)
    expect((await fetch(`${other.url}/`)).status).toBe(200)
    await other.drain(0)
  })
})
