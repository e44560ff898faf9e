import type { Refusal } from '../core/refusal.ts'
import type { Course } from './course.ts'
import type { Failure } from './failure.ts'
import { refusalOf } from './failure.ts'
import type { ForwardRequest } from './forward-request.ts'
import { refusalOfRequest, turnAway, unavailable } from './forward.ts'
import type { Target } from './target.ts'
import type { UpstreamSocket, WebSocketBridge } from './websocket.ts'
import { createWebSocketBridge } from './websocket.ts'

const BUFFERED_BYTES_MAX = 1_048_576

/** Headers of the client's own handshake; the connection to the upstream makes its own. */
const HANDSHAKE = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-accept',
  'sec-websocket-protocol',
])

/** The standard WebSocket constructor, with the non-standard options of the runtime. */
type WebSocketConstructor = new (
  url: string,
  options: {
    readonly headers: Readonly<Record<string, string>>
    readonly protocols: readonly string[]
    readonly perMessageDeflate: boolean
    readonly tls?: unknown
  },
) => UpstreamSocket

/**
 * Opens a WebSocket to one of the targets, with the headers that a forwarded request would have. It holds its place in
 * the bulkhead and at its target until it closes. Never rejects.
 */
export async function openWebSocket(
  request: ForwardRequest,
  course: Course,
): Promise<WebSocketBridge | Refusal> {
  const { clock, bulkhead } = course
  const unacceptable = refusalOfRequest(request)
  if (unacceptable !== undefined) return unacceptable
  course.counts.requests++
  const entry = await bulkhead.enter(request.client)
  if (entry !== 'entered') return turnAway(entry, course)
  const nowMs = clock.monotonicMs()
  const target = course.pick(nowMs, [])
  if (target === undefined || target.unix !== undefined || !target.enter(nowMs)) {
    bulkhead.leave()
    return unavailable(course, nowMs)
  }
  const end = (outcome: 'good' | 'bad' | 'unknown'): void => {
    target.leave(outcome, clock.monotonicMs())
    bulkhead.leave()
  }
  const socket = await connect(request, target, course)
  if (!('kind' in socket)) {
    return createWebSocketBridge(socket, BUFFERED_BYTES_MAX, () => end('good'))
  }
  end(socket.kind === 'aborted' ? 'unknown' : 'bad')
  if (socket.kind !== 'aborted') course.counts.failures++
  return refusalOf(socket, course.name)
}

function connect(
  request: ForwardRequest,
  target: Target,
  course: Course,
): Promise<UpstreamSocket | Failure> {
  const Socket: unknown = Reflect.get(globalThis, 'WebSocket')
  if (typeof Socket !== 'function') {
    return Promise.resolve({ kind: 'protocol', cause: 'this runtime has no WebSocket client' })
  }
  const protocols = splitProtocols(request.headers.get('sec-websocket-protocol'))
  const head = course.writeHead(request, target)
  if (head === undefined) {
    return Promise.resolve({ kind: 'protocol', cause: 'a header value cannot be sent' })
  }
  const socket = new (Socket as WebSocketConstructor)(
    target.origin.replace(/^http/, 'ws') + target.basePath + request.path,
    {
      headers: handshakeFields(head),
      protocols,
      // A compressed message of a few bytes could expand to more than a hundred million.
      perMessageDeflate: false,
      ...(course.config.tls !== undefined && { tls: course.config.tls }),
    },
  )
  const signal = request.client?.signal
  const waitMs = request.timeouts?.firstByteMs ?? course.timeouts.firstByteMs
  return new Promise((resolve) => {
    const settle = (outcome: UpstreamSocket | Failure): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      resolve(outcome)
    }
    const giveUp = (failure: Failure): void => {
      settle(failure)
      socket.close()
    }
    const onAbort = (): void => giveUp({ kind: 'aborted', cause: 'the client went away' })
    const timer = setTimeout(
      () => giveUp({ kind: 'timeout', cause: 'WebSocket handshake deadline' }),
      waitMs,
    )
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.addEventListener('open', () => settle(socket))
    socket.addEventListener('error', () =>
      settle({ kind: 'protocol', cause: 'WebSocket handshake refused' }),
    )
    socket.addEventListener('close', ({ code }) =>
      settle({ kind: 'reset', cause: `WebSocket closed with ${code} before it was open` }),
    )
  })
}

/** The fields of a written head, except those that the handshake itself adds. */
function handshakeFields(head: string): Readonly<Record<string, string>> {
  const [, ...lines] = head.split('\r\n').slice(0, -1)
  return Object.fromEntries(
    lines
      .map((line): [string, string] => {
        const colon = line.indexOf(': ')
        return [line.slice(0, colon), line.slice(colon + 2)]
      })
      .filter(([name]) => !HANDSHAKE.has(name)),
  )
}

const splitProtocols = (value: string | null): string[] =>
  value === null
    ? []
    : value
        .split(',')
        .map((name) => name.trim())
        .filter((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name))
