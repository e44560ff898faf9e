import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { serveHeads } from '../../src/upstream/test-kit.ts'
import { HEAD, stageGate } from './staged-gate.fixture.ts'

/** What an upstream says reaches the client as it was said, byte for byte where HTTP allows. */

let answer = ''
const upstream = await serveHeads(() => answer)
const gate = await stageGate(
  upstream,
  `${HEAD}
upstreams:
  app: { targets: ['${upstream.url}'], breaker: false, retries: { attempts: 0 } }
  again: { targets: ['${upstream.url}'], breaker: false }
routes:
  - { id: app, path: /app, methods: [GET, POST], credentials: [anonymous], upstream: app }
  - { id: again, path: /again, methods: [GET, POST], credentials: [anonymous], upstream: again }
`,
)

/** All that the gate sends for a request, as it stands on the wire. */
async function wire(method = 'GET', path = '/app'): Promise<string> {
  const { hostname, port } = new URL(gate.url)
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    })
    socket.on('data', (data) => {
      said += data.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
  })
}

describe('an answer', () => {
  test.each([200, 203, 299, 418, 499, 599, 600, 777, 999])(
    'with status %d keeps it',
    async (status) => {
      answer = `HTTP/1.1 ${status} Odd Reason\r\nX-Odd: 1\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok`
      for (let time = 0; time < 2; time += 1) {
        const said = await wire()
        expect(said).toStartWith(`HTTP/1.1 ${status} `)
        expect(said).toMatch(/\r\nx-odd: 1\r\n/i)
        expect(said).toMatch(/\r\ncontent-length: 2\r\n/i)
        expect(said).toEndWith('\r\n\r\nok')
      }
    },
  )

  test.each(['099', '1e2', '+20', '20', '2000', 'abc'])(
    'with status %s is refused',
    async (status) => {
      answer = `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`
      expect(await wire()).toStartWith('HTTP/1.1 502 ')
    },
  )

  test('keeps headers that the gate does not know, also several of one name', async () => {
    answer =
      'HTTP/1.1 200 OK\r\nX-Unheard-Of: a;b="c"\r\nRequest-Numbers: 1 2\r\nVary: a\r\nVary: b\r\n' +
      'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nWarning: 110 - "x"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n' +
      'Expires: 0\r\nContent-Length: 2\r\n\r\nok'
    const said = (await wire()).toLowerCase()
    for (const line of [
      'x-unheard-of: a;b="c"',
      'request-numbers: 1 2',
      'vary: a\r\nvary: b',
      'set-cookie: a=1',
      'set-cookie: b=2',
      'warning: 110 - "x"',
      'date: sun, 06 nov 1994 08:49:37 gmt',
      'expires: 0',
    ]) {
      expect(said).toContain(`\r\n${line}\r\n`)
    }
    expect(said.match(/\r\ndate:/g)).toHaveLength(1)
  })

  test.each([2, 20_000])('of %d bytes without Content-Type gets none', async (bytes) => {
    answer = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${'a'.repeat(bytes)}`
    const said = await wire()
    expect(said).not.toMatch(/content-type/i)
    expect(said).toMatch(new RegExp(`\\r\\ncontent-length: ${bytes}\\r\\n`, 'i'))
  })

  test('to HEAD keeps its length, and gets none where none was said', async () => {
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n'
    expect(await wire('HEAD')).toMatch(/\r\ncontent-length: 77\r\n/i)
    answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await wire('HEAD')).not.toMatch(/content-length/i)
  })

  test('passes interim answers on before the last one, a 100 Continue that it did not ask for among them', async () => {
    const last = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok'
    answer = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${last}`
    const said = await wire()
    expect(said.match(/HTTP\/1\.1 \d{3}/g)).toEqual([
      'HTTP/1.1 100',
      'HTTP/1.1 102',
      'HTTP/1.1 103',
      'HTTP/1.1 200',
    ])
    expect(said).toContain('\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 ')
    expect(said).toEndWith('\r\n\r\nok')
  })

  test('with trailers is complete without them, and the connection goes on', async () => {
    answer =
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n'
    for (let time = 0; time < 3; time += 1) {
      const said = await (await fetch(`${gate.url}/app`)).text()
      expect(said).toBe('ok')
    }
    expect(await wire()).not.toMatch(/x-sum/i)
  })
})

describe('a request that reached the upstream', () => {
  const asked = async (method: string, path: string): Promise<number> => {
    const before = upstream.heads.length
    await wire(method, path)
    return upstream.heads.length - before
  }

  test('is sent once where retries are off, whatever comes back', async () => {
    for (answer of [
      'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n',
      'garbage',
      'HTTP/1.1 101 X\r\n\r\n',
    ]) {
      expect(await asked('GET', '/app')).toBe(1)
      expect(await asked('POST', '/app')).toBe(1)
    }
  })

  test('is sent again only if it is idempotent and has failed', async () => {
    answer = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
    expect(await asked('GET', '/again')).toBe(2)
    expect(await asked('POST', '/again')).toBe(1)
    answer = 'HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n'
    expect(await asked('GET', '/again')).toBe(1)
  })
})
