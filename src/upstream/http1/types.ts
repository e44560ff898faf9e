import type { ResponseHead } from './parse-head.ts'

/** Where a server is. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** Path of its Unix socket, used instead of host and port. */
  readonly unix: string | undefined
  readonly tls: TlsSettings | undefined
}

/** How to use TLS with a server. */
export interface TlsSettings {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly serverName?: string | undefined
  readonly rejectUnauthorized: boolean
}

/** A request as it is sent. */
export interface WireRequest {
  readonly method: string
  /** Request line and header lines, each with its CRLF, without framing fields and the empty line. */
  readonly head: string
  readonly body: WireBody
  /** Whether it may be sent again if a kept connection turns out to be closed. */
  readonly repeatable: boolean
  /** Bodies of known length up to this are collected before the response is handed over. */
  readonly wholeBytesMax: number
}

/**
 * A request under way, with the callbacks that report its progress. Either `onAnswer` or `onFailure` is called, exactly
 * once.
 */
export interface Job extends WireRequest {
  /** The connection that carries it now; set by the client. */
  carrier: Carrier | undefined
  /** The server is expected to send a part of the body now. */
  onWait(): void
  /** Nothing is expected of the server until what it has sent is consumed. */
  onRest(): void
  /** An interim response other than 101 arrived (RFC 9110 §15.2); there may be several before the answer. */
  onInterim(head: ResponseHead): void
  onAnswer(head: ResponseHead, body: ResponseBody): void
  onFailure(error: WireError): void
  /** Called once for a streamed body: it is complete, broke off, or was cancelled. */
  onBodyEnd(end: BodyEnd, error?: WireError): void
}

/** How a streamed body ended. */
export type BodyEnd = 'complete' | 'broken' | 'cancelled'

/** A connection, which may still be opening. */
export interface Carrier {
  /** Ends the job if this still carries it; the job or its body then fails. */
  abort(job: Job): void
}

/** A body to send: nothing, bytes, or a stream with its length if known. */
export type WireBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'stream'
      readonly stream: ReadableStream<Uint8Array>
      readonly length: number | undefined
      readonly onWait: () => void
      readonly onChunk: () => void
    }

/** The body of a response: complete (bytes), still arriving (a stream), or absent. */
export type ResponseBody = Uint8Array | ReadableStream<Uint8Array> | null

/** A response. */
export interface WireResponse {
  readonly head: ResponseHead
  readonly body: ResponseBody
}

/** A request under way. */
export interface Sending {
  readonly response: Promise<WireResponse>
  /** Ends it: the connection is closed, and the response or its body fails. */
  abort(): void
}

/**
 * Why a request failed. `connect`: nothing was sent. `body`: the request's own body broke off, or did not have the
 * announced length.
 */
export type WireFailure = 'connect' | 'reset' | 'protocol' | 'body'

/** A request that failed. */
export class WireError extends Error {
  readonly failure: WireFailure
  constructor(failure: WireFailure, message: string) {
    super(message)
    this.name = 'WireError'
    this.failure = failure
  }
}
