/**
 * HTTP/1.1 over plain sockets and TLS (RFC 9110, RFC 9112): connections, strict reading, answers in one write.
 *
 * A connection goes through these states; every arrow into `closed` is left out, since clients may go at any time.
 *
 *                      ┌──────────── next request ────────────────┐
 *                      ▼                                          │
 *     accepted ─► idle ─► head ─► busy ─► flushing ─┬─► (idle) ───┤  the answer is written
 *                  │       │       │                ├─► discarding ┘  a short body that nobody read is read past
 *                  │       │       │                ├─► lingering ─► ending    closing, while the client still speaks
 *                  │       │       │                └─► ending ─► closed       closing, both have said everything
 *                  │       │       └─► tunnel ─► ending    carried on to the server of WebSockets
 *                  │       └─► lingering                   refused: 4xx, 5xx
 *                  └─► ending                              silent for too long
 *
 * | state      | may last for                                                           |
 * | ---------- | ---------------------------------------------------------------------- |
 * | idle       | `idleTimeoutMs`; 10 s before the first request, TLS handshake included  |
 * | head       | 10 s from its first byte; then 408                                     |
 * | busy       | as long as the handler likes; a body must come with 1 KB/s, else 408    |
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
