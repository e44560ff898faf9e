import { PlainAnswer } from '../core/answer.ts'
import { refuse } from '../core/refusal.ts'
import type { ForwardRequest, Upstream, WebSocketBridge } from '../upstream/index.ts'
import { isWebSocketUpgrade } from '../upstream/index.ts'
import type { Exchange } from './exchange.ts'
import type { SocketWatch } from './socket-watch.ts'
import type { Step } from './stage.ts'

/** What is reported about a WebSocket while it is open. */
export interface WebSocketEvents {
  /** The upstream has answered: `status` 101, or 0 when it did not. */
  readonly onAnswer: (status: number) => void
  /** The client's end is closed, or there never was a socket. */
  readonly onEnd: () => void
  /** Closes it when its caller may no longer have it. */
  readonly watch: SocketWatch
}

/** Whether a request asks to become a WebSocket and its connection can. */
export const wantsWebSocket = ({ method, request, connection }: Exchange): boolean =>
  connection.upgrade !== undefined && isWebSocketUpgrade(method, request.headers)

/**
 * Opens a WebSocket to the upstream and, once the upstream has agreed, to the client. What the exchange holds
 * (a place within a concurrency limit) is kept as long as the socket is open, which is no longer than its
 * caller may have it.
 */
export async function joinWebSocket(
  exchange: Exchange,
  upstream: Upstream,
  request: ForwardRequest,
  { onAnswer, onEnd, watch }: WebSocketEvents,
): Promise<Step> {
  const bridge = await upstream.openWebSocket(request)
  if ('code' in bridge) {
    onAnswer(0)
    onEnd()
    return bridge
  }
  onAnswer(SWITCHING_PROTOCOLS)
  const { release } = exchange
  let unwatch = (): void => {}
  const socket: WebSocketBridge = {
    ...bridge,
    open(client) {
      unwatch = watch.add(exchange, (code, reason) => client.close(code, reason))
      bridge.open(client)
    },
    close(code, reason) {
      unwatch()
      bridge.close(code, reason)
      release?.()
      onEnd()
    },
  }
  const chosen = bridge.protocol === '' ? undefined : { 'sec-websocket-protocol': bridge.protocol }
  const headers = { ...exchange.responseHeaders, ...chosen }
  if (exchange.connection.upgrade?.(exchange.request, socket, headers) !== true) {
    bridge.close(GOING_AWAY, '')
    onEnd()
    return refuse('bad_request', { detail: 'Not a WebSocket handshake that can be completed.' })
  }
  exchange.release = undefined
  return SWITCHED
}

const SWITCHING_PROTOCOLS = 101
const GOING_AWAY = 1001

/** Stands for the answer that the server has sent already. */
const SWITCHED = new PlainAnswer(SWITCHING_PROTOCOLS, [], null)
