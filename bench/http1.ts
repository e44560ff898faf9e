/**
 * The cost of reading requests and writing answers, without sockets: nanoseconds per request, for reading a head
 * alone and for a whole exchange on a connection. Arms take turns; the median of the rounds is shown with its range.
 *
 *     node bin/bun.mjs bench/http1.ts [--rounds 9] [--requests 50000] [--json]
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { PlainAnswer } from '../src/core/answer.ts'
import type { HttpSocket } from '../src/server/http1/connection.ts'
import { Http1Connection } from '../src/server/http1/connection.ts'
import { HeadReader } from '../src/server/http1/head-reader.ts'
import { Unreadable } from '../src/server/http1/unreadable.ts'
import type { Handle } from '../src/server/http1/world.ts'
import { createWorld } from '../src/server/http1/world.ts'

const BODY =
  '{"position":{"x":12.5,"y":1.25,"z":-44.0},"player":"0123456789abcdef","sequence":1234567}'
const FIELDS = [['content-type', 'application/json']] as const
const KEYS = 512

/** A request as an API's client sends it: eight fields, a key of its own. */
const head = (method: string, at: number): string =>
  [
    `${method} /api/v1/player/position HTTP/1.1`,
    'Host: 127.0.0.1:8080',
    'User-Agent: client/1.0 (linux; x64)',
    'Accept: application/json',
    'Accept-Encoding: gzip, deflate',
    `Authorization: Bearer tg_live_${String(at).padStart(16, '0')}_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG`,
    'Content-Type: application/json',
    `Content-Length: ${method === 'GET' ? 0 : BODY.length}`,
    'Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '\r\n',
  ].join('\r\n')

const messages = (method: string, keys: number): readonly Buffer[] =>
  Array.from({ length: keys }, (_, at) =>
    Buffer.from(head(method, at) + (method === 'GET' ? '' : BODY)),
  )

interface Arm {
  readonly name: string
  /** Does the work once for each message; returns the number of requests. */
  run(): number | Promise<number>
}

/** A connection whose socket accepts everything. */
function connect(handle: Handle): Http1Connection {
  const onBug = (error: unknown): never => {
    throw error
  }
  const options = { hostname: '', port: 0, bodyBytesMax: 1e6, idleTimeoutMs: 1e4, requestsMax: 1e3 }
  const world = createWorld({ ...options, reusePort: false, handle, onBug }, 'http')
  const socket = { write: (_bytes: Uint8Array, _from: number, length: number) => length }
  return new Http1Connection(socket as unknown as HttpSocket, world, '127.0.0.1')
}

const answer = new PlainAnswer(200, FIELDS, '{"ok":true}')
const limited = answer.with({ ratelimit: '"a";r=99;t=60', 'ratelimit-policy': '"a";q=100;w=60' })
const sync = connect((request) => {
  const body = request.text()
  if (typeof body === 'string' && body !== '') JSON.parse(body)
  request.headers.get('authorization')
  request.headers.get('x-request-id')
  return answer
})
const withFields = connect(() => limited)
/** Like the answers of an upstream: always the same lines, a body of bytes, and a field that the gate adds. */
const upstreamFields = {
  names: ['server', 'content-type', 'last-modified', 'etag', 'accept-ranges'],
  lines: [
    'Server: nginx/1.22.1',
    'Content-Type: application/octet-stream',
    'Last-Modified: Sat, 21 Nov 2026 16:00:00 GMT',
    'ETag: "691f3c2a-5a"',
    'Accept-Ranges: bytes',
    '',
  ].join('\r\n'),
}
const upstreamBody = Buffer.from(BODY)
const fromUpstream = connect(() =>
  Promise.resolve(new PlainAnswer(200, upstreamFields, upstreamBody)),
)

function turns(
  name: string,
  connection: Http1Connection,
  wires: readonly Buffer[],
  count = wires.length,
): Arm {
  return {
    name,
    run: () => {
      for (const wire of wires) connection.receive(wire)
      return count
    },
  }
}

/** Waits for each answer before the next request. */
function waits(name: string, connection: Http1Connection, wires: readonly Buffer[]): Arm {
  return {
    name,
    run: async () => {
      for (const wire of wires) {
        connection.receive(wire)
        while (connection.isBusy) await Promise.resolve()
      }
      return wires.length
    },
  }
}

/** @param isFresh - As if the connection had carried no request before. */
function parses(name: string, wires: readonly Buffer[], isFresh: boolean): Arm {
  const reader = new HeadReader({ scheme: 'http', headBytesMax: 16_384 })
  return {
    name,
    run: () => {
      for (const wire of wires) {
        if (isFresh) reader.forget()
        reader.begin(wire)
        const found = reader.next(0)
        if (found === undefined || found instanceof Unreadable) throw new Error('not read')
        reader.clear()
      }
      return wires.length
    },
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    requests: { type: 'string', default: '50000' },
    json: { type: 'boolean', default: false },
  },
})
const many = messages('POST', KEYS)
const same = Array.from({ length: KEYS }, () => many[0]!)
const pipelined = [Buffer.concat(messages('GET', 16))]
const ARMS: readonly Arm[] = [
  parses('head, unknown', many, true),
  parses('head, another key', many, false),
  parses('head, the same', same, false),
  turns('GET', sync, messages('GET', KEYS)),
  turns('POST, 90 bytes of JSON', sync, many),
  turns('POST, four more fields', withFields, many),
  turns('GET, 16 pipelined', sync, pipelined, 16),
  waits('GET, an upstream answers', fromUpstream, messages('GET', KEYS)),
]

const rounds = Number(values.rounds)
const requests = Number(values.requests)
const times = ARMS.map((): number[] => [])
for (let round = 0; round <= rounds; round++) {
  for (const [at, arm] of ARMS.entries()) {
    const start = performance.now()
    let done = 0
    while (done < requests) done += await arm.run()
    // The first round is a warm-up.
    if (round > 0) times[at]!.push(((performance.now() - start) * 1e6) / done)
  }
}

const findings = ARMS.map(({ name }, at) => {
  const sorted = times[at]!.toSorted((a, b) => a - b)
  const ns = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)]!)
  return { name, medianNs: ns(0.5), lowestNs: ns(0), highestNs: ns(1) }
})
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Bun ${Bun.version}`
const lines = findings.map(
  ({ name, medianNs, lowestNs, highestNs }) =>
    `${name.padEnd(26)} ${String(medianNs).padStart(6)} ns  (${lowestNs}–${highestNs})`,
)
process.stdout.write(
  values.json
    ? `${JSON.stringify({ machine, rounds, requests, findings }, undefined, 2)}\n`
    : `${machine}\n${lines.join('\n')}\n`,
)
