import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { systemClock } from '../core/clock.ts'
import { toResponse } from '../core/answer.ts'
import { FetchRequest } from '../core/incoming-request.ts'
import { problemResponse } from '../core/problem.ts'
import { createSeededRandom } from '../core/random.ts'
import type { UpstreamConfigInput } from './config.ts'
import { upstreamConfig } from './config.ts'
import type { UpstreamEvent } from './events.ts'
import type { Client, ForwardOutcome, ForwardRequest } from './forward-request.ts'
import { isRefusal } from './forward-request.ts'
import type { OpenLink } from './http1/link.ts'
import type { Upstream, Upstreams } from './upstream-types.ts'
import { createUpstreams } from './upstreams.ts'

/** Upstreams in real time for a test, with the events that they reported. */
export interface TestUpstream {
  readonly upstreams: Upstreams
  readonly upstream: Upstream
  readonly events: UpstreamEvent[]
}

/** One upstream named `test`. */
export function openUpstream(
  config: UpstreamConfigInput,
  openLink?: OpenLink,
  judgedHeaders: readonly string[] = [],
): TestUpstream {
  const events: UpstreamEvent[] = []
  const upstreams = createUpstreams({
    config: { test: upstreamConfig.parse(config) },
    clock: systemClock,
    random: createSeededRandom(7),
    onEvent: (event) => events.push(event),
    openLink,
    judgedHeaders,
  })
  const upstream = upstreams.get('test')
  if (upstream === undefined) throw new Error('the upstream is missing')
  return { upstreams, upstream, events }
}

/** A client that waits until it is told to go away. */
export function goingClient(): Client & { go(): void } {
  const controller = new AbortController()
  const { signal } = controller
  return {
    get isGone() {
      return signal.aborted
    },
    signal,
    go: () => controller.abort(),
  }
}

/** The outcome of forwarding as a standard `Response`; throws if it is a refusal. */
export function answered(outcome: ForwardOutcome): Response {
  if (isRefusal(outcome)) throw new Error(`${outcome.code} ${outcome.internal}`)
  return toResponse(outcome)
}

/** A request as the gate would forward it. */
export function forwardRequest(more: Partial<ForwardRequest> = {}): ForwardRequest {
  return {
    method: 'GET',
    path: '/',
    headers: new Headers(),
    body: null,
    clientAddress: '198.51.100.7',
    scheme: 'https',
    host: 'api.example.com',
    requestId: 'req_test',
    ...more,
  }
}

/** A server that forwards every request through an upstream, as the gate does. */
export function serveThrough(upstream: Upstream): { url: string; stop(): Promise<void> } {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    async fetch(request) {
      const outcome = await upstream.forward(
        forwardRequest({
          method: request.method,
          path: request.url.slice(request.url.indexOf('/', 8)),
          headers: request.headers,
          body: request.body,
          client: new FetchRequest(request),
        }),
      )
      return isRefusal(outcome) ? problemResponse(outcome, 'req_test') : toResponse(outcome)
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

/** A TCP server that handles each connection as the test says. */
export async function serveRaw(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; port: number; stop(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Answers every request head it receives with `answer(head, count)`; remembers the heads. */
export async function serveHeads(
  answer: (head: string, count: number, socket: Socket) => string | undefined,
): Promise<{ url: string; port: number; heads: string[]; stop(): void }> {
  const heads: string[] = []
  const raw = await serveRaw((socket) => {
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = text.slice(0, end + 2)
      text = ''
      heads.push(head)
      const reply = answer(head, heads.length, socket)
      if (reply !== undefined) socket.write(reply, 'latin1')
    })
  })
  return { ...raw, heads }
}

/** A complete answer with Content-Length. */
export const answerWith = (body: string, head = 'HTTP/1.1 200 OK'): string =>
  `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Resolves when `condition` holds; for what another process or socket does. */
export async function until(condition: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('the condition did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
