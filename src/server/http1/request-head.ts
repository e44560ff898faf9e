import type { IncomingHeaders } from '../../core/incoming-request.ts'

/** In place of the number of bytes of a body: it comes in chunks (RFC 9112 §7.1). */
export const CHUNKED = -1

/** The head of a request that can be read in one way only. */
export class RequestHead implements IncomingHeaders {
  readonly method: string
  /** Path and query as they were sent; `*` with OPTIONS alone. */
  readonly target: string
  /** HTTP/1.1; otherwise HTTP/1.0. */
  readonly isCurrent: boolean
  /** Lowercase, each once. */
  readonly names: readonly string[]
  readonly values: readonly string[]
  /** Bytes of the body, or {@link CHUNKED}. */
  readonly bodyBytes: number
  /** Whether the client wants to send more requests on its connection. */
  readonly keepsAlive: boolean
  /** Whether it waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** Whether it asks for a WebSocket (RFC 6455 §4.1). */
  readonly wantsWebSocket: boolean
  /** Bytes of the head, from where reading began to behind the empty line. */
  readonly bytes: number

  constructor(parts: HeadParts) {
    this.method = parts.method
    this.target = parts.target
    this.isCurrent = parts.isCurrent
    this.names = parts.names
    this.values = parts.values
    this.bodyBytes = parts.bodyBytes
    this.keepsAlive = parts.keepsAlive
    this.expectsContinue = parts.expectsContinue
    this.wantsWebSocket = parts.wantsWebSocket
    this.bytes = parts.bytes
  }

  get(name: string): string | null {
    const { names } = this
    for (let at = 0; at < names.length; at++) if (names[at] === name) return this.values[at]!
    const lower = name.toLowerCase()
    return lower === name ? null : this.get(lower)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  forEach(visit: (value: string, name: string) => void): void {
    const { names, values } = this
    for (let at = 0; at < names.length; at++) visit(values[at]!, names[at]!)
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const [at, name] of this.names.entries()) yield [name, this.values[at]!]
  }
}

/** What is taken from the head of a request. */
export type HeadParts = Omit<RequestHead, keyof IncomingHeaders>
