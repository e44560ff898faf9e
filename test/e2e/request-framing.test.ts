import { expect, test } from 'bun:test'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { createSeededRandom } from '../../src/core/random.ts'
import { RawClient } from '../../src/server/http1/raw-client.fixture.ts'
import { HEAD, stageGate } from './staged-gate.fixture.ts'

/**
 * Whatever a client writes, the upstream reads requests in one way only: those that the gate let through, each once,
 * with the body that it had there. The upstream here is as strict as can be, and tells of all that it could have
 * taken for something else.
 */

interface Seen {
  readonly method: string
  readonly path: string
  readonly body: string
}

const seen: Seen[] = []
const doubts: string[] = []
const HOPS = new Set('connection keep-alive te trailer upgrade expect proxy-connection'.split(' '))

/** Reads one request, or tells that there is more to come. */
function readRequest(text: string): { readonly request: Seen; readonly rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...lines] = text.slice(0, end).split('\r\n')
  const [, method = '', path = ''] = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.1$/.exec(line) ?? []
  if (path === '') doubts.push(`request line: ${line}`)
  const fields = new Map<string, string>()
  for (const each of lines) {
    const [, name = '', value = ''] =
      /^([!#-'*+.^`|~\w-]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(each) ?? []
    if (name === '' || fields.has(name) || HOPS.has(name)) doubts.push(`field: ${each}`)
    fields.set(name, value)
  }
  if (!fields.has('host')) doubts.push('no Host')
  const [length, coding] = [fields.get('content-length'), fields.get('transfer-encoding')]
  if (length !== undefined && coding !== undefined) doubts.push('length and coding')
  const after = text.slice(end + 4)
  const read = coding === undefined ? ofLength(after, Number(length ?? 0)) : ofChunks(after)
  return read === undefined
    ? undefined
    : { request: { method, path, body: read.body }, rest: read.rest }
}

interface Body {
  readonly body: string
  readonly rest: string
}

const ofLength = (text: string, bytes: number): Body | undefined =>
  text.length < bytes ? undefined : { body: text.slice(0, bytes), rest: text.slice(bytes) }

function ofChunks(text: string): Body | undefined {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = text.slice(at, lineEnd)
    if (!/^[0-9a-f]+$/.test(size)) doubts.push(`chunk: ${size}`)
    const end = lineEnd + 2 + Number.parseInt(size, 16)
    if (!(text.length >= end + 2)) return undefined
    if (text.slice(end, end + 2) !== '\r\n') doubts.push('a chunk without its end')
    body += text.slice(lineEnd + 2, end)
    at = end + 2
    if (size === '0') return { body, rest: text.slice(at) }
  }
}

const sockets = new Set<Socket>()
const server = createServer((socket) => {
  let text = ''
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    for (let read = readRequest(text); read !== undefined; read = readRequest(text)) {
      seen.push(read.request)
      text = read.rest
      const body = read.request.method === 'HEAD' ? '' : 'ok'
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Origin: 1\r\n\r\n${body}`)
    }
  })
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const gate = await stageGate(
  { url, stop: () => (server.close(), sockets.forEach((socket) => socket.destroy())) },
  `${HEAD}
bans: { enabled: false }
upstreams:
  app: { targets: ['${url}'], breaker: false, retries: { attempts: 0 } }
routes:
  - { id: all, path: '/{rest...}', methods: any, credentials: [anonymous], upstream: app }
`,
)
const port = Number(new URL(gate.url).port)

const { fraction } = createSeededRandom(9112)
const pick = <T>(all: readonly T[]): T => all[Math.floor(fraction() * all.length)]!
/** Now and then something else: how often, differs from connection to connection. */
let oddity = 0
const or = <T>(usual: T, odd: readonly T[]): T => (fraction() < oddity ? pick(odd) : usual)

const SMUGGLED = 'xxGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
/** Ends whatever the gate still waits for. */
const NONSENSE = '\0'.repeat(5000)
const LINE_ENDS = ['\n', '\r', '\r\r\n', ' \r\n', '\r\n ', '\0\r\n']
const BLANKS = ['', '  ', '\t', '\v', '\f', '\0', '\r\n ', '\u{a0}']
const LENGTH_NAMES = ['Content-Length ', 'Content_Length', ' Content-Length', 'Content\0-Length']
const CODING_NAMES = ['Transfer-Encoding ', '\tTransfer-Encoding', 'X: y\nTransfer-Encoding']
const CODINGS =
  'CHUNKED|identity|x|chunked, chunked|gzip, chunked|chunked, gzip|"chunked"|\vchunked|chunked;a|'
const FIELDS = `Connection: content-length|Connection: host|Connection: transfer-encoding|Expect: 100-continue|
  |Upgrade: h2c|TE: trailers|X-A: a\r\n b|X-A: a\n b|X-A|X A: 1|X-A: \0|X-A: a\rb|: x|Host: b|Content-Length: 0`

const field = (name: string, value: string): string =>
  `${name}:${or(' ', BLANKS)}${value}${or('\r\n', LINE_ENDS)}`

function lengthOf(bytes: number): string {
  const odd = [
    bytes + 1,
    bytes - 1,
    0,
    `+${bytes}`,
    `0x${bytes}`,
    `${bytes}, ${bytes}`,
    `${bytes},`,
  ]
  return String(or<string | number>(bytes, [...odd, '', `${bytes} 0`, '9'.repeat(20)]))
}

function chunked(body: string): string {
  let wire = ''
  for (let at = 0; at < body.length;) {
    const bytes = 1 + Math.floor(fraction() * 30)
    const part = body.slice(at, at + bytes)
    const size = part.length.toString(16)
    const odd = [`0x${size}`, ` ${size}`, `+${size}`, `f${size}`, '', `${size}0`, `-${size}`]
    const extension = or('', [';a', ';a="b"', ';a\n', ';\0', ';a="\r\n"'])
    wire += `${or(size, odd)}${extension}${or('\r\n', LINE_ENDS)}${part}${or('\r\n', LINE_ENDS)}`
    at += bytes
  }
  const last = or('0', ['00', '-0', '0x0', '', '0;x'])
  const trailer = or('', ['X-T: 1\r\n', 'Content-Length: 5\r\n', 'X : 1\r\n', 'X: a\n'])
  return `${wire}${last}${or('\r\n', LINE_ENDS)}${trailer}${or('\r\n', LINE_ENDS)}`
}

/** A request, sound or nearly so. */
function write(
  path: string,
  body: string,
  framing: 'length' | 'chunks' | 'both',
  last: boolean,
): string {
  const target = or(path, [`http://a${path}`, `//a${path}`, `${path} x`, `${path}#f`, 'a:80', '*'])
  const version = or('HTTP/1.1', ['HTTP/1.0', 'HTTP/1.2', 'http/1.1', ''])
  const fields = [field('Host', or('a', ['a, b', '', 'a b', 'a/b']))]
  if (framing !== 'chunks') {
    fields.push(field(or('Content-Length', LENGTH_NAMES), lengthOf(body.length)))
  }
  if (framing !== 'length') {
    fields.push(field(or('Transfer-Encoding', CODING_NAMES), or('chunked', CODINGS.split('|'))))
  }
  const odd = or('', FIELDS.split('|'))
  if (odd !== '') fields.push(`${odd}\r\n`)
  if (last) fields.push('Connection: close\r\n')
  const start = `${or('', ['\r\n', '\n', ' '])}POST ${target} ${version}${or('\r\n', LINE_ENDS)}`
  const wire = framing === 'length' ? body : chunked(body)
  return `${start}${fields.toSorted(() => fraction() - 0.5).join('')}${or('\r\n', LINE_ENDS)}${wire}`
}

interface Sent extends Seen {
  readonly isSound: boolean
}

async function converse(
  number: number,
): Promise<{ readonly sent: readonly Sent[]; readonly received: string }> {
  oddity = pick([0, 0.01, 0.04, 0.15])
  const isSound = oddity === 0
  const count = 1 + Math.floor(fraction() * 4)
  const sent = Array.from({ length: count }, (_, at) => {
    const body = pick(['hello', SMUGGLED, `0\r\n\r\n${SMUGGLED}`, 'x'.repeat(90)])
    return { method: 'POST', path: `/c${number}-${at}`, body, isSound }
  })
  const framings = isSound
    ? (['length', 'chunks'] as const)
    : (['length', 'chunks', 'both'] as const)
  const wire = sent
    .map(({ path, body }, at) => write(path, body, pick(framings), at === count - 1))
    .join('')
  const cut = Math.floor(fraction() * wire.length)
  const client = await RawClient.open(port)
  client.send(wire.slice(0, cut))
  await new Promise((resolve) => void setImmediate(resolve))
  client.send(wire.slice(cut) + NONSENSE)
  const received = await client.ended()
  client.close()
  return { sent, received }
}

test('whatever a client writes, the upstream sees whole requests that were let through, and nothing else', async () => {
  const sent: Sent[] = []
  const received: string[] = []
  for (let number = 0; number < 1500; number += 50) {
    const some = await Promise.all(Array.from({ length: 50 }, (_, at) => converse(number + at)))
    sent.push(...some.flatMap((each) => each.sent))
    received.push(...some.map((each) => each.received))
  }
  expect(doubts).toEqual([])
  expect(seen.filter(({ path }) => path.includes('smuggled'))).toEqual([])
  expect(new Set(seen.map(({ path }) => path)).size).toBe(seen.length)
  // Each got one answer of the upstream's; those that were sound got through, with their bodies.
  const answers = received.join('').match(/x-origin: 1/gi) ?? []
  expect(answers).toHaveLength(seen.length)
  const bodies = new Map(seen.map(({ path, body }) => [path, body]))
  const sound = sent.filter(({ isSound }) => isSound)
  expect(sound.length).toBeGreaterThan(500)
  expect(sound.filter(({ path, body }) => bodies.get(path) !== body)).toEqual([])
  // Enough of the others got through as well to say something.
  expect(seen.length - sound.length).toBeGreaterThan(500)
}, 20_000)
