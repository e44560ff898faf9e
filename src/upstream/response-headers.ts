import type { UpstreamConfig } from './config.ts'
import { HOP_BY_HOP, connectionOptions } from './header-names.ts'

/** Turns an upstream's response headers into those for the client, in place. */
export type PrepareResponseHeaders = (headers: Headers, origins: OriginPair) => void

/** The origin the upstream was called by, and the one the client knows. */
export interface OriginPair {
  readonly upstream: string
  readonly client: string
}

/** Compiles the response header rules of an upstream. */
export function createResponseHeaders(config: UpstreamConfig): PrepareResponseHeaders {
  // Alt-Svc names another way to the upstream's origin: one around the gate.
  const removed = new Set<string>([...HOP_BY_HOP, 'alt-svc', ...config.response.remove])
  if (config.hideServer) for (const name of ['server', 'x-powered-by']) removed.add(name)
  const edits = Object.entries(config.response.set)
  return (headers, origins) => {
    const listed = headers.get('connection')
    const doomed = listed === null || listed === 'keep-alive' ? [] : connectionOptions(listed)
    // RFC 9112 §6.3: with Transfer-Encoding, a Content-Length means nothing.
    if (headers.has('transfer-encoding')) doomed.push('content-length')
    for (const name of headers.keys()) if (removed.has(name)) doomed.push(name)
    for (const name of doomed) headers.delete(name)
    rewriteLocation(headers, origins)
    for (const [name, value] of edits) headers.set(name, value)
  }
}

/** A redirect to the upstream's own address would lead the client past the gate. */
function rewriteLocation(headers: Headers, { upstream, client }: OriginPair): void {
  const location = headers.get('location')
  if (location === null || !location.startsWith(upstream)) return
  const rest = location.slice(upstream.length)
  if (rest === '' || /^[/?#]/.test(rest)) headers.set('location', client + rest)
}
