import type { IncomingMessage } from 'node:http'

/** A path, or a URL (RFC 9112 §3.2.2), whose authority then takes the place of Host. */
const TARGET = /^(?:https?:\/\/([^/?#]+))?((?:\/|\?).*)?$/i

/**
 * The request of `node:http` as one of the web's own; `undefined` when no such can be made of it. Repeated fields
 * are all kept: Node's own `headers` would drop the second `Authorization`, and nobody could refuse it.
 */
export function toWebRequest(
  incoming: IncomingMessage,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Request | undefined {
  const { method = 'GET', socket } = incoming
  const target = TARGET.exec(sentTarget(incoming))
  if (target === null) return undefined
  const [, authority, path = '/'] = target
  const headers = fieldsOf(incoming)
  if (authority !== undefined) headers.set('host', authority)
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  try {
    // The host stays in its field: a URL made of it would fail for hosts that are none.
    const url = `${scheme}://localhost${path.startsWith('/') ? '' : '/'}${path}`
    return new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit)
  } catch {
    return undefined
  }
}

/** Express and Connect cut the path of a mounted listener off `url`, and keep what was sent in `originalUrl`. */
function sentTarget(incoming: IncomingMessage): string {
  const original = 'originalUrl' in incoming ? incoming.originalUrl : undefined
  return typeof original === 'string' ? original : (incoming.url ?? '')
}

function fieldsOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index]!, rawHeaders[index + 1]!)
  }
  return headers
}
