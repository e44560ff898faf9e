import type { IncomingMessage } from 'node:http'

/** A path, or a URL (RFC 9112 §3.2.2), whose authority then replaces Host. */
const TARGET = /^(?:https?:\/\/([^/?#]+))?((?:\/|\?).*)?$/i

/**
 * Turns a request of `node:http` into a standard `Request`; `undefined` if that is not possible. All repeated fields
 * are kept: Node's own `headers` would drop a second `Authorization`, and the gate could not refuse it.
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
    // The host stays in its field: a URL made from it would fail for invalid hosts.
    const url = `${scheme}://localhost${path.startsWith('/') ? '' : '/'}${path}`
    return new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit)
  } catch {
    return undefined
  }
}

/** Express and Connect cut the mount path off `url`, and keep the original target in `originalUrl`. */
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
