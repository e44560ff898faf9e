import type { PlainAnswer } from '../core/answer.ts'
import type { IncomingHeaders, IncomingRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'

/**
 * Tells whether the client is still there, and sends it interim responses. Its signal is read only where forwarding has
 * to wait for something.
 */
export type Client = Pick<IncomingRequest, 'isGone' | 'signal' | 'interim'>

/** A request on its way to an upstream. */
export interface ForwardRequest {
  /** In capitals. */
  readonly method: string
  /** Canonical path with its query: begins with `/`, holds no dot segments and no backslash. */
  readonly path: string
  /** The client's headers as received; they are only read. */
  readonly headers: IncomingHeaders
  /** Bytes can be sent again in a retry; a stream is sent only once. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null
  /** The client's address, determined through the trusted proxies. */
  readonly clientAddress: string
  /** The other end of the connection if it is a trusted proxy; else absent. */
  readonly peerAddress?: string | undefined
  /** The scheme the client used. */
  readonly scheme: 'http' | 'https'
  /** The validated Host that the client asked for. */
  readonly host: string
  readonly requestId: string
  /** W3C trace context to send; it replaces what the client sent. */
  readonly traceparent?: string | undefined
  /**
   * The validated vendor part of that trace; together with {@link ForwardRequest.traceparent} it replaces what the
   * client sent.
   */
  readonly tracestate?: string | undefined
  /** Headers that tell the upstream who the caller is; see {@link identityHeaders}. */
  readonly identity?: Readonly<Record<string, string>> | undefined
  /** Whether the route is public: the gate needs no credential and examines none. */
  readonly isPublic?: boolean | undefined
  /** Whether a cache evaluates the answer; an error is then an answer like any other. */
  readonly isCached?: boolean | undefined
  /**
   * The client that waits for the answer; nothing is sent once it has gone. Absent if the request does not depend on a
   * client.
   */
  readonly client?: Client | undefined
  /**
   * Called once for a request that got a place: when its last byte has passed, when it has failed, or when its client
   * has gone. This may be before the answer is handed over, or long after.
   */
  readonly onEnd?: (() => void) | undefined
  /** The route's own timeouts, in milliseconds; they replace those of the upstream. */
  readonly timeouts?: Partial<Timeouts> | undefined
}

/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** From sending to the head of the response. */
  readonly firstByteMs: number
  /** Longest silence within a response body. */
  readonly idleMs: number
  /** Whole exchange with its body; `Infinity` for none. */
  readonly totalMs: number
}

/** The outcome of forwarding: the upstream's answer, or the reason there is none. */
export type ForwardOutcome = PlainAnswer | Refusal

/** Whether forwarding ended without an answer. */
export const isRefusal = (outcome: ForwardOutcome): outcome is Refusal => 'code' in outcome
