import type { PlainAnswer } from '../core/answer.ts'
import type { IncomingHeaders, IncomingRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'

/**
 * Whether a client is still there, and what tells it of interim answers. Its signal is asked for only where
 * something has to be waited for.
 */
export type Client = Pick<IncomingRequest, 'isGone' | 'signal' | 'interim'>

/** A request on its way to an upstream. */
export interface ForwardRequest {
  /** In capitals. */
  readonly method: string
  /** Canonical path with its query: begins with `/`, holds no dot segments and no backslash. */
  readonly path: string
  /** The client's headers, as they came; they are only read. */
  readonly headers: IncomingHeaders
  /** Bytes can be sent again in a retry; a stream is sent once. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null
  /** The client, found by trusted hops. */
  readonly clientAddress: string
  /** The other end of the connection when that is a trusted proxy; else absent. */
  readonly peerAddress?: string | undefined
  /** The scheme the client used. */
  readonly scheme: 'http' | 'https'
  /** The validated Host the client asked for. */
  readonly host: string
  readonly requestId: string
  /** W3C trace context to send; replaces what the client sent. */
  readonly traceparent?: string | undefined
  /** What vendors added to that trace, checked; with {@link ForwardRequest.traceparent} it replaces what the client sent. */
  readonly tracestate?: string | undefined
  /** Headers that tell the upstream who calls; see {@link identityHeaders}. */
  readonly identity?: Readonly<Record<string, string>> | undefined
  /** Whether anybody may ask without a credential for the gate, and none is looked at. */
  readonly isPublic?: boolean | undefined
  /** Whether a cache judges the answer: then an error is an answer like any other. */
  readonly isCached?: boolean | undefined
  /** Who waits for the answer; nothing is sent for one that is gone. Absent when somebody always waits. */
  readonly client?: Client | undefined
  /**
   * Called once for a request that got a place: when its last byte has passed, or it has failed, or its
   * client has gone. That may be before the answer is handed over, or long after.
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

/** What forwarding ends in: the upstream's answer, or the reason there is none. */
export type ForwardOutcome = PlainAnswer | Refusal

/** Whether forwarding ended without an answer. */
export const isRefusal = (outcome: ForwardOutcome): outcome is Refusal => 'code' in outcome
