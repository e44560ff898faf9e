import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'

/** What is wrong with the body of a request is its client's doing: the answer says so, and no upstream pays for it. */

const heard: number[] = []
const upstream = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const bytes = await request.bytes().catch(() => undefined)
    if (bytes !== undefined) heard.push(bytes.length)
    return new Response('taken')
  },
})

let gate: GateProcess
beforeAll(async () => {
  gate = await startGateProcess(
    makeFolder(`
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [], bodyMax: 1000KiB }
upstreams:
  store: { targets: ['${upstream.url.href}'] }
routes:
  - { id: up, path: /up, methods: [GET, POST], credentials: [anonymous], upstream: store }
  - { id: small, path: /small, methods: [POST], credentials: [anonymous], upstream: store, bodyMax: 1KiB }
`),
  )
})
afterAll(async () => {
  await gate.stop()
  removeFolder(gate.folder)
  await upstream.stop(true)
})

interface Talk {
  readonly socket: Socket
  readonly answer: Promise<string>
}

function send(head: string): Talk {
  const { hostname, port } = new URL(gate.url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('data', (bytes: Buffer) => (received += bytes.toString('latin1')))
  socket.on('error', () => undefined)
  socket.write(head)
  return { socket, answer: new Promise((resolve) => socket.on('close', () => resolve(received))) }
}

const post = (path: string, fields: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n\r\n`

describe('an upload', () => {
  test('that breaks off again and again opens no breaker', async () => {
    for (let round = 0; round < 30; round++) {
      const { socket, answer } = send(post('/up', 'Content-Length: 100000'))
      socket.write('x'.repeat(50_000))
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (round % 2 === 0) socket.destroy()
      else socket.end()
      await answer
    }
    const metrics = await (await fetch(`${gate.admin}/metrics`)).text()
    expect(/tollgate_upstream_breaker_state\{[^}]*\} (\d)/.exec(metrics)?.[1]).toBe('0')
    const after = await fetch(`${gate.url}/up`, { method: 'POST', body: 'x' })
    expect([after.status, await after.text()]).toEqual([200, 'taken'])
  })

  test('that grows beyond what its route allows, again and again, opens none either', async () => {
    for (let round = 0; round < 30; round++) {
      const { socket, answer } = send(post('/small', 'Transfer-Encoding: chunked'))
      socket.write(`200\r\n${'x'.repeat(512)}\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 3))
      socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)
      expect(await answer).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    }
    const after = await fetch(`${gate.url}/small`, { method: 'POST', body: 'x' })
    expect(after.status).toBe(200)
  })

  test('with a bad chunk is answered 400, one that grows too large 413, and the upstream has none of them', async () => {
    heard.length = 0
    const bad = send(post('/up', 'Transfer-Encoding: chunked'))
    bad.socket.write('1\r\nx\r\n')
    await new Promise((resolve) => setTimeout(resolve, 20))
    bad.socket.write('oh\r\n')
    expect(await bad.answer).toMatch(/^HTTP\/1\.1 400 /)
    const large = send(post('/up', 'Transfer-Encoding: chunked'))
    for (let round = 0; round < 20; round++) {
      large.socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(await large.answer).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    expect(heard).toEqual([])
  })

  test('of chunks that is too large for its route is refused, though it is all there at once', async () => {
    heard.length = 0
    const { socket, answer } = send(post('/small', 'Transfer-Encoding: chunked'))
    socket.write(`800\r\n${'x'.repeat(2048)}\r\n0\r\n\r\n`)
    expect(await answer).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    const all = post('/small', 'Transfer-Encoding: chunked')
    const { answer: second } = send(`${all}800\r\n${'x'.repeat(2048)}\r\n0\r\n\r\n`)
    expect(await second).toMatch(/^HTTP\/1\.1 413 .*body_too_large/s)
    expect(heard).toEqual([])
  })
})
