import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { connect } from 'node:tls'
import { PlainAnswer } from '../../core/answer.ts'
import type { Http1Listener } from './listener.ts'
import type { Http1ListenerOptions } from './options.ts'
import { openTestListener, text } from './listener.fixture.ts'
import { RawClient } from './raw-client.fixture.ts'
import type { Rejection } from './rejection.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const hasOpenssl = Bun.which('openssl') !== null

interface Outcome {
  readonly received: string
  readonly protocol: string | false | null
  readonly isFailed: boolean
}

/** Says something over TLS; resolves with what came until the connection ended. */
function talk(port: number, bytes: string, options: ConnectionOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    let received = ''
    let isFailed = false
    let protocol: string | false | null = null
    socket.on('secureConnect', () => {
      protocol = socket.alpnProtocol
      socket.write(bytes)
    })
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.on('error', () => (isFailed = true))
    socket.on('close', () => resolve({ received, protocol, isFailed }))
  })
}

describe.skipIf(!hasOpenssl)('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'))
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  let listener: Http1Listener | undefined

  beforeAll(() => {
    for (const name of ['own', 'stranger']) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
      const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
      const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
      execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...files], {
        cwd: folder,
        stdio: 'ignore',
      })
    }
  })
  afterEach(async () => {
    await listener?.drain(0)
    listener = undefined
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function listen(options: Partial<Http1ListenerOptions> = {}, needsCertificate = false): number {
    const client = { ca: read('own.pem'), requestCert: true, rejectUnauthorized: true }
    listener = openTestListener({
      tls: { cert: read('own.pem'), key: read('own.key'), ...(needsCertificate && client) },
      ...options,
    })
    return listener.port
  }

  test('carries requests; the scheme is https', async () => {
    const port = listen({ handle: (_request, { scheme }) => text(scheme) })
    expect(listener!.url).toBe(`https://127.0.0.1:${port}`)
    const { received } = await talk(port, GET)
    expect(received).toMatch(/^HTTP\/1\.1 200 OK.*https$/s)
  })

  test('agrees on http/1.1 (RFC 7301), and with nobody who speaks HTTP/2 alone', async () => {
    const port = listen()
    const both = await talk(port, GET, { ALPNProtocols: ['h2', 'http/1.1'] })
    expect(both.protocol).toBe('http/1.1')
    expect(both.received).toContain('200 OK')
    const one = await talk(port, GET, { ALPNProtocols: ['h2'] })
    expect(one.received).toBe('')
  })

  test('carries large answers and large bodies', async () => {
    const port = listen({
      bodyBytesMax: 1e8,
      handle: async (request) => text(await request.text()),
    })
    const body = 'x'.repeat(3_000_000)
    const fields = `Content-Length: ${body.length}\r\nConnection: close`
    const bytes = `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`
    const { received } = await talk(port, bytes)
    expect(received.slice(received.indexOf('\r\n\r\n') + 4) === body).toBe(true)
  })

  test('lets in only who shows a certificate of the authority', async () => {
    let handled = 0
    const handle = (): PlainAnswer => {
      handled += 1
      return new PlainAnswer(200, [], 'in')
    }
    const port = listen({ handle }, true)
    const nobody = await talk(port, GET)
    const stranger = await talk(port, GET, {
      cert: read('stranger.pem'),
      key: read('stranger.key'),
    })
    expect([nobody.received, stranger.received]).toEqual(['', ''])
    expect(handled).toBe(0)
    const known = await talk(port, GET, { cert: read('own.pem'), key: read('own.key') })
    expect(known.received).toEndWith('in')
    expect(handled).toBe(1)
  })

  test('is not begun for ever: a handshake that does not come is given up like a head', async () => {
    let run = (): void => {}
    const port = listen({
      every: (_ms, tick) => {
        run = tick
        return () => {}
      },
    })
    const client = await RawClient.open(port)
    while (listener!.openConnections < 1) await Bun.sleep(1)
    for (let ticks = 0; ticks < 40; ticks++) run()
    expect(await client.ended()).toBe('')
    while (listener!.openConnections > 0) {
      run()
      await Bun.sleep(1)
    }
  })

  test('that is not TLS ends the connection', async () => {
    const client = await RawClient.open(listen())
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.ended()).not.toContain('200')
    while (listener!.openConnections > 0) await Bun.sleep(1)
  })

  test('tells why there was no session, of whom, and nothing of sessions', async () => {
    const told: Rejection[] = []
    const onRejected = (rejection: Rejection): void => void told.push(rejection)
    const next = async (): Promise<unknown> => {
      while (told.length === 0) await Bun.sleep(1)
      const [{ reason, code, address, requestId }] = told.splice(0) as [Rejection]
      return [reason, code, address, requestId]
    }
    const from = ['127.0.0.1', undefined]
    const port = listen({ onRejected })
    const plain = await RawClient.open(port)
    plain.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await next()).toEqual(['tls_handshake', 'bad_request', ...from])
    await talk(port, GET, { ALPNProtocols: ['h2'] })
    expect(await next()).toEqual(['tls_handshake', 'bad_request', ...from])
    await talk(port, GET, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })
    expect(await next()).toEqual(['tls_handshake', 'bad_request', ...from])
    const gone = await RawClient.open(port)
    while (listener!.openConnections < 1) await Bun.sleep(1)
    gone.close()
    expect(await next()).toEqual(['tls_abandoned', 'bad_request', ...from])
    expect((await talk(port, GET)).received).toContain('200 OK')
    expect(told).toEqual([])
    await listener!.drain(0)

    const closed = listen({ onRejected }, true)
    await talk(closed, GET)
    expect(await next()).toEqual(['tls_certificate', 'credential_missing', ...from])
    const stranger = { cert: read('stranger.pem'), key: read('stranger.key') }
    await talk(closed, GET, stranger)
    expect(await next()).toEqual(['tls_certificate', 'credential_invalid', ...from])
    const known = await talk(closed, GET, { cert: read('own.pem'), key: read('own.key') })
    expect(known.received).toContain('200 OK')
    expect(told).toEqual([])
  })

  test('refuses with an answer that can be read', async () => {
    const { received } = await talk(listen(), 'GET / HTTP/1.1\r\n\r\n')
    expect(received).toMatch(/^HTTP\/1\.1 400 .*"code":"bad_request"/s)
  })
})
