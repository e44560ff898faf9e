import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '../../core/clock.ts'
import type { ConnectionEvents, Job } from './connection.ts'
import { Connection } from './connection.ts'
import type { Sending, ServerAddress, WireRequest, WireResponse } from './types.ts'
import { WireError } from './types.ts'

/**
 * An HTTP/1.1 client for one server, with kept connections. A proxy needs less than fetch does and
 * more control: headers go out as they are and nothing is added, no path is rewritten, and the whole
 * exchange stays on one thread, which halves its cost.
 */
export interface HttpClient {
  send(request: WireRequest): Sending
  /** Connections that wait for a request. */
  readonly idle: number
  /** Closes idle connections, and every other after its response. */
  close(): void
}

/** How a client treats its connections. */
export interface HttpClientOptions {
  readonly address: ServerAddress
  readonly connectTimeoutMs: number
  /** Idle connections kept at most. */
  readonly idleMax: number
  readonly clock: Clock
}

/** Servers that do not say how long they keep a connection keep it at least so long. */
const IDLE_DEFAULT_MS = 4000
const IDLE_MARGIN_MS = 1000
const IDLE_MAX_MS = 60_000
const SWEEP_MS = 1000

/** Creates an {@link HttpClient}. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock } = options
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
  const events: ConnectionEvents = {
    onIdle(connection, keepAliveSeconds) {
      if (closing || idle.length >= options.idleMax) return connection.destroy()
      connection.idleSinceMs = clock.monotonicMs()
      connection.idleMaxMs = idleLimitMs(keepAliveSeconds)
      idle.push(connection)
      sweeper ??= setInterval(sweep, SWEEP_MS)
    },
    onClosed(connection) {
      const at = idle.indexOf(connection)
      if (at >= 0) idle.splice(at, 1)
    },
  }
  const take = (): Connection | undefined => {
    for (;;) {
      const connection = idle.pop()
      if (connection === undefined) return undefined
      if (clock.monotonicMs() - connection.idleSinceMs <= connection.idleMaxMs) return connection
      connection.destroy()
    }
  }
  return {
    get idle() {
      return idle.length
    },
    send: (request) => startSending(request, take, options, events),
    close() {
      closing = true
      for (const connection of idle.slice()) connection.destroy()
      clearInterval(sweeper)
      sweeper = undefined
    },
  }
}

function startSending(
  request: WireRequest,
  take: () => Connection | undefined,
  options: HttpClientOptions,
  events: ConnectionEvents,
): Sending {
  let stop = (): void => {}
  const response = new Promise<WireResponse>((resolve, reject) => {
    const onNew = (): void => {
      stop = openConnection(options, events, reject, (connection) => {
        stop = () => connection.destroy()
        connection.send({ request, resolve, reject })
      })
    }
    const kept = take()
    if (kept === undefined) return onNew()
    stop = () => {
      again = false
      kept.destroy()
    }
    let again = request.repeatable
    const job: Job = {
      request,
      resolve,
      // The server may have closed a kept connection just before the request reached it.
      reject: (error) => (again && !kept.started ? onNew() : reject(error)),
    }
    kept.send(job)
  })
  return { response, abort: () => stop() }
}

/** Opens a connection; returns what gives the attempt up. */
function openConnection(
  options: HttpClientOptions,
  events: ConnectionEvents,
  onFailure: (error: WireError) => void,
  onOpen: (connection: Connection) => void,
): () => void {
  const { socket, readyEvent } = dial(options.address)
  const settle = (): void => {
    clearTimeout(timer)
    socket.off('error', onError)
    socket.off('close', onClose)
    socket.off(readyEvent, onReady)
  }
  const giveUp = (cause: string): void => {
    settle()
    socket.on('error', () => {})
    socket.destroy()
    onFailure(new WireError('connect', cause))
  }
  const onError = (error: Error): void => giveUp(error.message)
  const onClose = (): void => giveUp('closed while connecting')
  const onReady = (): void => {
    settle()
    onOpen(new Connection(socket, events))
  }
  const timer = setTimeout(() => giveUp('connect deadline'), options.connectTimeoutMs)
  socket.on('error', onError)
  socket.on('close', onClose)
  socket.on(readyEvent, onReady)
  return () => giveUp('aborted')
}

function dial({ host, port, unix, tls }: ServerAddress): { socket: Socket; readyEvent: string } {
  if (tls === undefined) {
    const socket = connectPlain(unix === undefined ? { host, port } : { path: unix })
    return { socket, readyEvent: 'connect' }
  }
  const socket = connectTls({
    host,
    port,
    servername: tls.serverName ?? (/^[\d.]+$|:/.test(host) ? '' : host),
    rejectUnauthorized: tls.rejectUnauthorized,
    ALPNProtocols: ['http/1.1'],
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
  })
  return { socket, readyEvent: 'secureConnect' }
}

function idleLimitMs(keepAliveSeconds: number | undefined): number {
  if (keepAliveSeconds === undefined || Number.isNaN(keepAliveSeconds)) return IDLE_DEFAULT_MS
  return Math.min(IDLE_MAX_MS, Math.max(0, keepAliveSeconds * 1000 - IDLE_MARGIN_MS))
}
