import type { ServerWebSocket, WebSocketHandler } from 'bun'

/** One end of a WebSocket, as whoever bridges it sees it. */
export interface SocketEnd {
  /** Sends a message; answers how many bytes wait to be sent, -1 when the socket is gone. */
  send(message: string | Uint8Array): number
  close(code?: number, reason?: string): void
  readonly bufferedAmount: number
}

/** What happens on a connection that has become a WebSocket. */
export interface SocketData {
  open(socket: SocketEnd): void
  message(message: string | Uint8Array): void
  close(code: number, reason: string): void
  /** What was waiting has been sent. */
  drain(): void
}

const MESSAGE_BYTES_MAX = 1_048_576
const IDLE_SECONDS = 120

/** Bun's handlers: each socket's own data knows what to do. */
export const webSocketHandlers: WebSocketHandler<SocketData> = {
  maxPayloadLength: MESSAGE_BYTES_MAX,
  idleTimeout: IDLE_SECONDS,
  open: (socket) => socket.data.open(endOf(socket)),
  message: (socket, message) => socket.data.message(message),
  close: (socket, code, reason) => socket.data.close(code, reason),
  drain: (socket) => socket.data.drain(),
}

function endOf(socket: ServerWebSocket<SocketData>): SocketEnd {
  return {
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
    get bufferedAmount() {
      return socket.getBufferedAmount()
    },
  }
}
