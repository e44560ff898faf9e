import type { Answer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { problemAnswer } from '../../core/problem.ts'
import { systemRandom } from '../../core/random.ts'
import { refuse } from '../../core/refusal.ts'
import type { RequestIds } from '../../signals/index.ts'
import { createRequestIds } from '../../signals/index.ts'
import type { ServerConnection } from '../listener.ts'
import { BodyRoom } from './body-room.ts'
import type { Http1ListenerOptions } from './options.ts'
import type { Gathering } from './outbox.ts'
import { createGathering } from './outbox.ts'
import { RememberedHeads } from './remembered-heads.ts'
import { RepeatedAnswers } from './repeated-answers.ts'
import type { HeadRules } from './parse-request-head.ts'
import type { Rejection } from './rejection.ts'
import type { WebSocketDoor } from './web-socket-door.ts'
import { createWebSocketDoor } from './web-socket-door.ts'

/** Answers a request. */
export type Handle = (
  request: IncomingRequest,
  connection: ServerConnection,
) => Answer | Promise<Answer>

/** The state that the connections of a listener share. */
export interface Http1World {
  readonly rules: HeadRules
  /** May change on a reload. */
  bodyBytesMax: number
  readonly bodyRoom: BodyRoom
  /** The most requests in flight. */
  readonly requestsMax: number
  /** How many ticks a connection may be idle. */
  readonly idleTicks: number
  readonly gathering: Gathering
  readonly repeated: RepeatedAnswers
  readonly heads: RememberedHeads
  readonly handle: Handle
  /** Takes requests for WebSockets; without it, they are requests like any other. */
  readonly webSockets: WebSocketDoor | undefined
  /** Answers a request after an exception escaped the handler, which is a bug. */
  readonly onBug: (error: unknown, requestId: string) => Answer
  readonly onRejected: (rejection: Rejection) => void
  readonly requestIds: Pick<RequestIds, 'next'>
  /** The current time in ticks, for time limits. */
  tick: number
  /** The Date field for the current second, as a line. */
  dateLine: string
  /** Whether no more requests are accepted. */
  isDraining: boolean
  inFlight: number
}

/** How often time limits are checked. */
export const TICK_MS = 500

/** Converts milliseconds to ticks, rounded up; at least one. */
export const ticksOf = (ms: number): number => Math.max(1, Math.ceil(ms / TICK_MS))

const HEAD_BYTES_MAX = 16_384

/** Creates the state that the connections of a listener share. */
export function createWorld(options: Http1ListenerOptions, scheme: 'http' | 'https'): Http1World {
  const requestIds = options.requestIds ?? createRequestIds(systemRandom)
  const world: Http1World = {
    rules: { scheme, headBytesMax: options.headBytesMax ?? HEAD_BYTES_MAX },
    bodyBytesMax: options.bodyBytesMax,
    bodyRoom: new BodyRoom(options.bodiesHeldBytesMax ?? Infinity),
    requestsMax: options.requestsMax,
    idleTicks: ticksOf(options.idleTimeoutMs),
    gathering: createGathering(),
    repeated: new RepeatedAnswers(),
    heads: new RememberedHeads(),
    handle: options.handle,
    webSockets:
      options.webSockets === false
        ? undefined
        : createWebSocketDoor({
            ...options,
            scheme,
            requestIds,
            handle: (request, connection) => handleCounted(world, request, connection),
          }),
    onBug: options.onBug,
    onRejected: options.onRejected ?? (() => {}),
    requestIds,
    tick: 0,
    dateLine: dateLine(),
    isDraining: false,
    inFlight: 0,
  }
  return world
}

/** Answers a request for a WebSocket, which counts as in flight until the WebSocket is open or refused. */
async function handleCounted(
  world: Http1World,
  request: IncomingRequest,
  connection: ServerConnection,
): Promise<Answer> {
  if (world.inFlight >= world.requestsMax) {
    return turnAway(world, connection.peerAddress(request))
  }
  world.inFlight += 1
  try {
    return await world.handle(request, connection)
  } finally {
    world.inFlight -= 1
  }
}

/** Answers a request beyond the limit. */
export function turnAway({ requestIds, onRejected }: Http1World, address: string): Answer {
  const requestId = requestIds.next().text
  const { code } = TOO_BUSY
  onRejected({ reason: 'requests_max', code, address, requestId, isHandled: false })
  return problemAnswer(TOO_BUSY, requestId)
}

const TOO_BUSY = refuse('unavailable', { headers: { 'retry-after': '1' } })

/** The Date field (RFC 9110 §6.6.1) as a line. */
export const dateLine = (): string => `date: ${new Date().toUTCString()}\r\n`
