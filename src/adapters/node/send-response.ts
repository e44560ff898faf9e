import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

type WebStream = Parameters<typeof Readable.fromWeb>[0]

/**
 * Sends a standard `Response` with `node:http`. The head is sent at once if no part of the body is available yet, so
 * that clients of event streams are not kept waiting. Rejects if the body breaks off or the client disconnects.
 */
export async function sendResponse(
  response: Response,
  outgoing: ServerResponse,
  isHead: boolean,
): Promise<void> {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie') outgoing.appendHeader(name, value)
    else outgoing.setHeader(name, value)
  }
  if (response.body === null || isHead) {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  const head = setImmediate(() => {
    if (!outgoing.headersSent && !outgoing.destroyed) outgoing.flushHeaders()
  })
  try {
    await pipeline(Readable.fromWeb(response.body as unknown as WebStream), outgoing)
  } finally {
    clearImmediate(head)
  }
}
