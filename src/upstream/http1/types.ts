import type { ResponseHead } from './parse-head.ts'

/** Where a server is. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** Path of its Unix socket, instead of host and port. */
  readonly unix: string | undefined
  readonly tls: TlsSettings | undefined
}

/** How to speak TLS with a server. */
export interface TlsSettings {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly serverName?: string | undefined
  readonly rejectUnauthorized: boolean
}

/** A request as it goes onto the wire. */
export interface WireRequest {
  readonly method: string
  /** Request line and header lines, each with its CRLF, without framing and the empty line. */
  readonly head: string
  readonly body: WireBody
  /** Whether it may be sent again when a kept connection turns out to be closed. */
  readonly repeatable: boolean
  /** Bodies of known length up to this are collected before the response is handed over. */
  readonly wholeBytesMax: number
}

/** A request under way, and who is told what becomes of it. Exactly one of answer and failure comes. */
export interface Job extends WireRequest {
  /** What carries it now; the client sets it. */
  carrier: Carrier | undefined
  /** The server is expected to send a part of the body now. */
  onWait(): void
  /** Nothing is expected of the server until what it sent has been taken. */
  onRest(): void
  /** An interim answer but 101 came (RFC 9110 §15.2); there may be several, ahead of the answer. */
  onInterim(head: ResponseHead): void
  onAnswer(head: ResponseHead, body: ResponseBody): void
  onFailure(error: WireError): void
  /** Once for a body that is a stream: it came to its end, broke off, or is not wanted any longer. */
  onBodyEnd(end: BodyEnd, error?: WireError): void
}

/** How a body that is a stream ended. */
export type BodyEnd = 'complete' | 'broken' | 'cancelled'

/** A connection, or the making of one. */
export interface Carrier {
  /** Ends the job, if this still carries it: it fails, or its body does. */
  abort(job: Job): void
}

/** A body to send: nothing, bytes, or a stream with its length where that is known. */
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

/** The body of a response: complete (bytes), still coming (a stream), or absent. */
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

/** Why a request failed. `connect`: nothing was sent. `body`: its own body broke off, or had another length. */
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
