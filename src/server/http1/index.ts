/**
 * HTTP/1.1 over plain sockets and TLS (RFC 9110, RFC 9112): connections, strict reading, answers in one write.
 *
 * A connection goes through these states; arrows into `closed` are left out, because clients may leave at any time.
 *
 *                      ┌──────────── next request ────────────────┐
 *                      ▼                                          │
 *     accepted ─► idle ─► head ─► busy ─► flushing ─┬─► (idle) ───┤  the answer is written
 *                  │       │       │                ├─► discarding ┘  a short unread body is read and dropped
 *                  │       │       │                ├─► lingering ─► ending    closing, while the client may still send
 *                  │       │       │                └─► ending ─► closed       closing, both sides have finished
 *                  │       │       └─► tunnel ─► ending    relayed to the server for WebSockets
 *                  │       └─► lingering                   refused: 4xx, 5xx
 *                  └─► ending                              idle for too long
 *
 * | state      | may last for                                                           |
 * | ---------- | ---------------------------------------------------------------------- |
 * | idle       | `idleTimeoutMs`; 10 s before the first request, TLS handshake included  |
 * | head       | 10 s from its first byte; then 408                                     |
 * | busy       | as long as the handler takes; a body must come at 1 KB/s, else 408      |
 * | flushing   | as long as something is written within `idleTimeoutMs`                 |
 * | discarding | 10 s and 64 KB                                                         |
 * | lingering  | 2 s                                                                    |
 * | ending     | 2 s                                                                    |
 * | tunnel     | as long as the WebSocket                                               |
 *
 * @packageDocumentation
 */
export type { Http1Listener } from './listener.ts'
export { openHttp1Listener } from './listener.ts'
export type { Http1ListenerOptions } from './options.ts'
export type { Rejection, RejectionReason } from './rejection.ts'
export { createSocketLinks } from './socket-link.ts'
