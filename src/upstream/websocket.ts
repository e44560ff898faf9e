import type { IncomingHeaders } from '../core/incoming-request.ts'

/** The client's end of a WebSocket, as the server provides it. */
export interface WebSocketEnd {
  send(message: string | Uint8Array): unknown
  close(code?: number, reason?: string): void
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number
}

/**
 * A WebSocket to an upstream that waits for, or is joined to, the client's. The server calls these methods for events
 * on the client's end; each end answers its own pings.
 */
export interface WebSocketBridge {
  /** The subprotocol that the upstream chose; empty if none. */
  readonly protocol: string
  open(client: WebSocketEnd): void
  message(message: string | Uint8Array): void
  close(code: number, reason: string): void
  /** The messages that waited for the client have been sent. */
  drain(): void
}

/** The part of the standard `WebSocket` that bridging uses. */
export interface UpstreamSocket {
  readonly protocol: string
  readonly bufferedAmount: number
  binaryType: string
  send(message: string | Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
}

const TRY_AGAIN_LATER = 1013
const UNSUPPORTED_DATA = 1003
const TOO_LARGE = 1009
const INTERNAL_ERROR = 1011

/**
 * Joins an open upstream socket to a client. Messages and close codes pass in both directions. The standard interface
 * cannot pause either side. So if one side takes messages more slowly than the other sends them, and more than
 * `bufferedBytesMax` wait, it is closed with 1013. An upstream that sends a single message larger than that is closed
 * with 1009; the server bounds the messages of clients.
 *
 * @param onEnd called once, when the upstream's socket has closed.
 */
export function createWebSocketBridge(
  upstream: UpstreamSocket,
  bufferedBytesMax: number,
  onEnd: () => void,
): WebSocketBridge {
  let client: WebSocketEnd | undefined
  let waiting: (string | Uint8Array)[] = []
  let waitingBytes = 0
  let closed: { code: number; reason: string } | undefined

  const overflow = (): void => {
    client?.close(TRY_AGAIN_LATER, 'too slow')
    upstream.close(TRY_AGAIN_LATER, 'too slow')
  }
  const toClient = (message: string | Uint8Array): void => {
    if (isLarger(message, bufferedBytesMax)) {
      client?.close(TOO_LARGE, 'message too large')
      return upstream.close(TOO_LARGE, 'message too large')
    }
    if (client !== undefined) {
      client.send(message)
      if (client.bufferedAmount > bufferedBytesMax) overflow()
      return
    }
    waiting.push(message)
    waitingBytes += message.length
    if (waitingBytes > bufferedBytesMax) overflow()
  }
  upstream.binaryType = 'arraybuffer'
  upstream.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') toClient(data)
    else if (data instanceof ArrayBuffer) toClient(new Uint8Array(data))
    else upstream.close(UNSUPPORTED_DATA)
  })
  upstream.addEventListener('close', ({ code, reason }) => {
    if (closed !== undefined) return
    closed = { code, reason }
    if (client !== undefined) closeWith(client, code, reason)
    onEnd()
  })
  return {
    protocol: upstream.protocol,
    open(end) {
      client = end
      for (const message of waiting) end.send(message)
      waiting = []
      if (closed !== undefined) closeWith(end, closed.code, closed.reason)
    },
    message(message) {
      if (closed !== undefined) return
      upstream.send(message)
      if (upstream.bufferedAmount > bufferedBytesMax) overflow()
    },
    close(code, reason) {
      client = undefined
      if (closed === undefined) closeWith(upstream, code, reason)
    },
    // Messages wait in the client's own buffer; the bridge has none to empty.
    drain() {},
  }
}

/** UTF-8 takes one to three bytes for each UTF-16 unit, so most texts need not be measured. */
function isLarger(message: string | Uint8Array, bytesMax: number): boolean {
  if (message.length > bytesMax) return true
  return (
    typeof message === 'string' &&
    message.length * 3 > bytesMax &&
    Buffer.byteLength(message) > bytesMax
  )
}

/** Closes with a code that may be sent (RFC 6455 §7.4.1); an end that vanished without a code becomes 1011. */
function closeWith(
  end: { close(code?: number, reason?: string): void },
  code: number,
  reason: string,
): void {
  if (code === 1005) return end.close()
  const isSendable =
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) ||
    (code >= 3000 && code <= 4999)
  if (isSendable) end.close(code, reason)
  else end.close(INTERNAL_ERROR)
}

/** Whether a request asks to become a WebSocket (RFC 6455 §4.2.1). */
export function isWebSocketUpgrade(method: string, headers: IncomingHeaders): boolean {
  return (
    method === 'GET' &&
    headers.get('upgrade')?.toLowerCase() === 'websocket' &&
    headers.get('sec-websocket-key') !== null
  )
}
