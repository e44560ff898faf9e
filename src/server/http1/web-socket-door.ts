import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from 'bun'
import type { Answer } from '../../core/answer.ts'
import { toResponse } from '../../core/answer.ts'
import { FetchRequest } from '../../core/incoming-request.ts'
import { problemResponse } from '../../core/problem.ts'
import { refuse } from '../../core/refusal.ts'
import type { RequestIds } from '../../signals/index.ts'
import type { WebSocketBridge } from '../../upstream/index.ts'
import { createWebSockets } from '../web-sockets.ts'
import type { RequestHead } from './request-head.ts'
import type { Handle } from './world.ts'

/**
 * Relays requests for WebSockets to Bun's own server, on a Unix socket in a folder that no other user can enter. It is
 * opened when first needed.
 */
export interface WebSocketDoor {
  /** Path of the Unix socket. */
  path(): string
  /** The head to send there, which states that the request comes from `address`. */
  announce(head: RequestHead, address: string): Buffer
  /** Tells WebSockets that the server is going away, and closes those that are left after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>
}

/** What {@link createWebSocketDoor} needs. */
export interface WebSocketDoorOptions {
  /** The scheme that the clients used. */
  readonly scheme: 'http' | 'https'
  readonly handle: Handle
  readonly onBug: (error: unknown, requestId: string) => Answer
  readonly requestIds: Pick<RequestIds, 'next'>
}

interface Opened {
  readonly path: string
  close(deadlineMs: number): Promise<void>
}

/** Creates a {@link WebSocketDoor}. */
export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  // Only this process knows the field name, so a peer address in it can be trusted.
  const addressName = `x-${randomBytes(24).toString('hex')}`
  let opened: Opened | undefined
  return {
    path: () => (opened ??= open(options, addressName)).path,
    announce(head, address) {
      const lines = [`${head.method} ${head.target} HTTP/1.1`]
      head.forEach((value, name) => lines.push(`${name}: ${value}`))
      lines.push(`${addressName}: ${address}`, '\r\n')
      return Buffer.from(lines.join('\r\n'), 'latin1')
    },
    async drain(deadlineMs) {
      await opened?.close(deadlineMs)
    },
  }
}

function open(
  { scheme, handle, onBug, requestIds }: WebSocketDoorOptions,
  addressName: string,
): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sockets-'))
  const path = join(folder, 'socket')
  const sockets = createWebSockets()

  // Only the first request of a connection has an announced address.
  const refused = (): Response =>
    ending(problemResponse(refuse('bad_request'), requestIds.next().text))

  const serve = async (
    request: Request,
    server: Server<WebSocketBridge>,
  ): Promise<Response | undefined> => {
    const address = request.headers.get(addressName)
    if (address === null) return refused()
    request.headers.delete(addressName)
    const answer = await handle(new FetchRequest(request), {
      scheme,
      peerAddress: () => address,
      extend: () => server.timeout(request, 0),
      upgrade: (_request, data, headers) =>
        server.upgrade(request, { data, headers: { ...headers } }),
    })
    return answer.status === SWITCHING_PROTOCOLS ? undefined : ending(toResponse(answer))
  }
  const server = Bun.serve<WebSocketBridge>({
    unix: path,
    development: false,
    maxRequestBodySize: 0,
    fetch: serve,
    websocket: sockets.handlers,
    error: (error) => toResponse(onBug(error, requestIds.next().text)),
  })
  return {
    path,
    async close(deadlineMs) {
      sockets.closeAll()
      const untilMs = performance.now() + deadlineMs
      while (isBusy(server) && performance.now() < untilMs) await Bun.sleep(POLL_MS)
      await Promise.race([server.stop(true), Bun.sleep(STOP_MS)])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Whether Bun's server reads a target as sent, and does not take `/a/../b` for `/b`: a target that must be refused must
 * not be repaired on the way there.
 */
export function isAsSent(target: string): boolean {
  const end = target.search(/[?#]/)
  const path = end < 0 ? target : target.slice(0, end)
  return !target.includes('#') && URL.parse(`http://localhost${target}`)?.pathname === path
}

const SWITCHING_PROTOCOLS = 101
const POLL_MS = 20
const STOP_MS = 100

const isBusy = (server: Server<WebSocketBridge>): boolean =>
  server.pendingRequests > 0 || server.pendingWebSockets > 0

/** Marks a response as the last one on its connection. */
function ending(response: Response): Response {
  response.headers.set('connection', 'close')
  return response
}
