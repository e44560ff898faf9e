import { utf8 } from '../core/bytes.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import { countBody, METHODS_WITHOUT_BODY } from './counted-body.ts'
import type { Exchange } from './exchange.ts'

/** The body that goes to the upstream, and whether it turned out larger than allowed. */
export interface OutgoingBody {
  readonly content: ReadableStream<Uint8Array> | Uint8Array | null
  isTooLarge(): boolean
}

const never = (): boolean => false
const NONE: OutgoingBody = { content: null, isTooLarge: never }

/**
 * The body of a request on its way to the upstream: a body that has arrived whole goes as bytes, any other is
 * streamed. An announced length has been checked by `admit`, and the server holds the client to it; a stream
 * without one is counted as it passes and fails at the bound.
 */
export function bodyOf(exchange: Exchange, bytesMax: number): OutgoingBody {
  const { bodyText, request } = exchange
  if (bodyText !== undefined) return { content: utf8(bodyText), isTooLarge: never }
  if (METHODS_WITHOUT_BODY.has(exchange.method)) return NONE
  if (request.arrived !== undefined) return { content: request.arrived, isTooLarge: never }
  // Below here, because reading `body` creates a stream even where there is nothing to read.
  if (request.body === null) return NONE
  if (request.headers.has('content-length')) return { content: request.body, isTooLarge: never }
  return countBody(request.body, bytesMax)
}

/** The refusal of a body that is larger than its route allows. */
export const tooLarge = (bytesMax: number): Refusal =>
  refuse('body_too_large', { extra: { bytesMax } })
