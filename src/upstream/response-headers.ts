import type { UpstreamConfig } from './config.ts'
import { HOP_BY_HOP, connectionOptions } from './header-names.ts'
import type { Field } from './http1/parse-head.ts'

/** Turns an upstream's response fields into those for the client. */
export type ResponseFields = (fields: readonly Field[], origins: OriginPair) => [string, string][]

/** The origin the upstream was called by, and the one the client knows. */
export interface OriginPair {
  readonly upstream: string
  readonly scheme: string
  readonly host: string
}

/** Compiles the response header rules of an upstream. */
export function createResponseFields(config: UpstreamConfig): ResponseFields {
  const edits = Object.entries(config.response.set)
  // Alt-Svc names another way to the upstream's origin: one around the gate.
  const removed = new Set<string>([
    ...HOP_BY_HOP,
    'alt-svc',
    ...config.response.remove,
    ...edits.map(([name]) => name.toLowerCase()),
  ])
  if (config.hideServer) for (const name of ['server', 'x-powered-by']) removed.add(name)
  return (fields, origins) => {
    const kept: [string, string][] = []
    let listed: string[] | undefined
    let isCoded = false
    for (const [name, value] of fields) {
      if (name === 'connection' && value !== 'keep-alive') listed = connectionOptions(value)
      if (name === 'transfer-encoding') isCoded = true
      if (removed.has(name)) continue
      kept.push([name, name === 'location' ? rewriteLocation(value, origins) : value])
    }
    for (const edit of edits) kept.push(edit)
    // RFC 9112 §6.3: with Transfer-Encoding, a Content-Length means nothing.
    if (isCoded) (listed ??= []).push('content-length')
    return listed === undefined ? kept : kept.filter(([name]) => !listed.includes(name))
  }
}

/** A redirect to the upstream's own address would lead the client past the gate. */
function rewriteLocation(location: string, { upstream, scheme, host }: OriginPair): string {
  if (!location.startsWith(upstream)) return location
  const rest = location.slice(upstream.length)
  return rest === '' || /^[/?#]/.test(rest) ? `${scheme}://${host}${rest}` : location
}
