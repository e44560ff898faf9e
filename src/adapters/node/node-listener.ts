import type { IncomingMessage, ServerResponse } from 'node:http'
import { incomingBodyOf } from './incoming-body.ts'
import { sendResponse } from './send-response.ts'
import { toWebRequest } from './to-web-request.ts'

/** Answers web-standard requests: an embedded gate. */
export interface FetchGate {
  fetch(request: Request, info: { readonly address: string }): Promise<Response>
}

/** The listener that `node:http` calls for each request, in the form that Express, Connect, Fastify and Koa pass on. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** The options of a {@link nodeListener}. */
export interface NodeListenerOptions {
  /**
   * Called with the error that kept an answer from being sent, such as a body that broke off; not called for clients
   * that disconnect. Default: emits a process warning.
   */
  readonly onError?: (error: unknown) => void
}

const warn = (error: unknown): void => {
  process.emitWarning(error instanceof Error ? error : String(error))
}

/**
 * Answers the requests of a `node:http` or `node:https` server with a gate. The gate learns the client's address,
 * whether the connection uses TLS, and when the client disconnects. Bodies are streamed both ways, and each
 * `Set-Cookie` stays a separate field. The listener never throws. If no `Request` can be made (the target is not a
 * path; on Node also TRACE), it answers 400.
 *
 * A framework must not read the body first. If the listener is mounted under a path, the gate judges the whole path
 * (`originalUrl`).
 */
export function nodeListener(gate: FetchGate, options: NodeListenerOptions = {}): NodeListener {
  const { onError = warn } = options
  return (incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) gone.abort()
    })
    answer(gate, incoming, outgoing, gone.signal).catch((error: unknown) => {
      if (!isLeaving(error, gone.signal)) onError(error)
      breakOff(outgoing)
    })
  }
}

/** Error codes of writing when the other end has gone. */
const LEFT = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'])

function isLeaving(error: unknown, gone: AbortSignal): boolean {
  if (!gone.aborted || !(error instanceof Error)) return false
  return error === gone.reason || ('code' in error && LEFT.has(String(error.code)))
}

const BAD_REQUEST = 400
const INTERNAL_ERROR = 500

async function answer(
  gate: FetchGate,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const body = incomingBodyOf(incoming)
  const request = toWebRequest(incoming, body?.content ?? null, signal)
  if (request === undefined) {
    outgoing.statusCode = BAD_REQUEST
    outgoing.end()
  } else {
    const address = incoming.socket.remoteAddress ?? ''
    const response = await gate.fetch(request, { address })
    await sendResponse(response, outgoing, incoming.method === 'HEAD')
  }
  body?.drop()
}

/** Answers with an error if that is still possible, and cuts the connection if half an answer has been sent. */
function breakOff(outgoing: ServerResponse): void {
  if (outgoing.headersSent) {
    outgoing.destroy()
    return
  }
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name)
  outgoing.statusCode = INTERNAL_ERROR
  outgoing.end()
}
