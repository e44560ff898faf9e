import type { IncomingMessage, ServerResponse } from 'node:http'
import { incomingBodyOf } from './incoming-body.ts'
import { sendResponse } from './send-response.ts'
import { toWebRequest } from './to-web-request.ts'

/** What answers web-standard requests: an embedded gate. */
export interface FetchGate {
  fetch(request: Request, info: { readonly address: string }): Promise<Response>
}

/** What `node:http` calls for each request, as Express, Connect, Fastify and Koa pass it on. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** How a {@link nodeListener} reports. */
export interface NodeListenerOptions {
  /**
   * Called with what kept an answer from being sent, such as a body of it that broke off; not with clients that
   * leave. Default: a warning of the process.
   */
  readonly onError?: (error: unknown) => void
}

const warn = (error: unknown): void => {
  process.emitWarning(error instanceof Error ? error : String(error))
}

/**
 * Answers the requests of a `node:http` or `node:https` server by a gate: the client's address, a TLS connection
 * and a client that leaves reach the gate, bodies are streamed both ways, and each `Set-Cookie` stays a field of
 * its own. It never throws, and what no `Request` can be made of (a target that is no path; on Node also TRACE) is
 * answered with 400.
 *
 * A framework must not have read the body before. Its own path of a mounted listener (`originalUrl`) is judged
 * whole.
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

/** How writing fails when the other end is gone. */
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

/** Says so where that is still possible, and cuts the connection where half an answer has been sent. */
function breakOff(outgoing: ServerResponse): void {
  if (outgoing.headersSent) {
    outgoing.destroy()
    return
  }
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name)
  outgoing.statusCode = INTERNAL_ERROR
  outgoing.end()
}
