import type { Clock } from '../../core/clock.ts'
import type { ConnectionEvents } from './connection.ts'
import { Connection } from './connection.ts'
import { createHeadMemory } from './head-memory.ts'
import type { OpenLink } from './link.ts'
import { openNodeLink } from './link.ts'
import type { Job, Sending, ServerAddress, WireRequest, WireResponse } from './types.ts'

/**
 * An HTTP/1.1 client for one server, with persistent connections. A proxy needs less than `fetch` offers, and more
 * control: headers are sent unchanged and none are added, no path is rewritten, and the whole exchange stays on one
 * thread, which halves its cost.
 */
export interface HttpClient {
  start(job: Job): void
  /** As {@link HttpClient.start}, with a promise. */
  send(request: WireRequest): Sending
  /** The number of connections that wait for a request. */
  readonly idle: number
  /** Closes idle connections at once, and all others after their responses. */
  close(): void
}

/** How a client treats its connections. */
export interface HttpClientOptions {
  readonly address: ServerAddress
  readonly connectTimeoutMs: number
  /** The most idle connections that are kept. */
  readonly idleMax: number
  readonly clock: Clock
  /** Opens its connections; by default with the sockets of `node:net`. */
  readonly openLink?: OpenLink | undefined
}

/** Assumed of servers that do not say how long they keep an idle connection open. */
const IDLE_DEFAULT_MS = 4000
const IDLE_MARGIN_MS = 1000
const IDLE_MAX_MS = 60_000
const SWEEP_MS = 1000

/** Creates an {@link HttpClient}. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { address, clock, connectTimeoutMs, openLink = openNodeLink } = options
  const memory = createHeadMemory()
  const opening = new Map<Connection, ReturnType<typeof setTimeout>>()
  const idle: Connection[] = []
  let closing = false
  let sweeper: ReturnType<typeof setInterval> | undefined

  const sweep = (): void => {
    const nowMs = clock.monotonicMs()
    for (const connection of idle.filter((one) => nowMs - one.idleSinceMs > one.idleMaxMs)) {
      connection.destroy()
    }
    if (idle.length > 0) return
    clearInterval(sweeper)
    sweeper = undefined
  }
  const opened = (connection: Connection): void => {
    clearTimeout(opening.get(connection))
    opening.delete(connection)
  }
  const events: ConnectionEvents = {
    onOpen: opened,
    onIdle(connection, keepAliveSeconds) {
      if (closing) return connection.destroy()
      // The connection that has been idle longest makes room: a flood of HEAD requests must not displace all others.
      if (idle.length >= options.idleMax) idle[0]!.destroy()
      connection.idleSinceMs = clock.monotonicMs()
      connection.idleMaxMs = idleLimitMs(keepAliveSeconds)
      idle.push(connection)
      sweeper ??= setInterval(sweep, SWEEP_MS)
    },
    onFailed(connection, job, error) {
      // The server may have closed a kept connection just before the request reached it.
      const isUnheard = connection.used && !connection.started && !connection.aborted
      if (isUnheard && job.repeatable) open(job)
      else job.onFailure(error)
    },
    onClosed(connection) {
      opened(connection)
      const at = idle.indexOf(connection)
      if (at >= 0) idle.splice(at, 1)
    },
  }
  const open = (job: Job): void => {
    const connection = new Connection(openLink, address, events, memory, job)
    const giveUp = (): void => connection.destroy('connect deadline')
    opening.set(connection, setTimeout(giveUp, connectTimeoutMs))
    job.carrier = connection
  }
  const take = (method: string): Connection | undefined => {
    const carriesHead = method === 'HEAD'
    for (let at = idle.length - 1; at >= 0; at--) {
      const connection = idle[at]!
      // Content that a server wrongly sends after HEAD must not be taken for the answer to another request.
      if (connection.carriedHead && !carriesHead) continue
      if (clock.monotonicMs() - connection.idleSinceMs > connection.idleMaxMs) connection.destroy()
      else {
        if (at === idle.length - 1) idle.pop()
        else idle.splice(at, 1)
        return connection
      }
    }
    return undefined
  }
  const start = (job: Job): void => {
    const kept = take(job.method)
    if (kept === undefined) return open(job)
    job.carrier = kept
    kept.send(job)
  }
  return {
    get idle() {
      return idle.length
    },
    start,
    send: (request) => sendWith(start, request),
    close() {
      closing = true
      for (const connection of idle.slice()) connection.destroy()
      clearInterval(sweeper)
      sweeper = undefined
    },
  }
}

function sendWith(start: (job: Job) => void, request: WireRequest): Sending {
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>()
  const job: Job = {
    ...request,
    carrier: undefined,
    onWait() {},
    onRest() {},
    onInterim() {},
    onBodyEnd() {},
    onAnswer: (head, body) => resolve({ head, body }),
    onFailure: reject,
  }
  start(job)
  return { response: promise, abort: () => job.carrier?.abort(job) }
}

function idleLimitMs(keepAliveSeconds: number | undefined): number {
  if (keepAliveSeconds === undefined || Number.isNaN(keepAliveSeconds)) return IDLE_DEFAULT_MS
  return Math.min(IDLE_MAX_MS, Math.max(0, keepAliveSeconds * 1000 - IDLE_MARGIN_MS))
}
