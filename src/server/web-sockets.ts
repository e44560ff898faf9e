import type { ServerWebSocket, WebSocketHandler } from 'bun'
import type { WebSocketBridge, WebSocketEnd } from '../upstream/index.ts'

/** The WebSockets of a listener. */
export interface WebSockets {
  /** Bun's handlers, which pass events to each socket's own bridge. */
  readonly handlers: WebSocketHandler<WebSocketBridge>
  /** Tells every client that the server is going away (RFC 6455 §7.4.1), so that it can reconnect. */
  closeAll(): void
}

const MESSAGE_BYTES_MAX = 1_048_576
/**
 * How much may wait for a client that does not read: more than a bridge lets wait, because answers to pings wait, too.
 */
const WAITING_BYTES_MAX = 2 * MESSAGE_BYTES_MAX
const IDLE_SECONDS = 120
const GOING_AWAY = 1001

/** Creates {@link WebSockets}. */
export function createWebSockets(): WebSockets {
  const sockets = new Set<ServerWebSocket<WebSocketBridge>>()
  return {
    handlers: {
      maxPayloadLength: MESSAGE_BYTES_MAX,
      backpressureLimit: WAITING_BYTES_MAX,
      closeOnBackpressureLimit: true,
      idleTimeout: IDLE_SECONDS,
      open(socket) {
        sockets.add(socket)
        socket.data.open(endOf(socket))
      },
      message: (socket, message) => socket.data.message(message),
      close(socket, code, reason) {
        sockets.delete(socket)
        socket.data.close(code, reason)
      },
      drain: (socket) => socket.data.drain(),
    },
    closeAll() {
      for (const socket of sockets) socket.close(GOING_AWAY, 'going away')
    },
  }
}

function endOf(socket: ServerWebSocket<WebSocketBridge>): WebSocketEnd {
  return {
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
    get bufferedAmount() {
      return socket.getBufferedAmount()
    },
  }
}
