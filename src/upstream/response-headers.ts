import type { ReadyFields } from '../core/answer.ts'
import type { UpstreamConfig } from './config.ts'
import { HOP_BY_HOP, connectionOptions } from './header-names.ts'
import type { ResponseHead } from './http1/parse-head.ts'
import { valueAt } from './http1/parse-head.ts'

/**
 * Turns the head of an upstream's response into fields for the client. Lines that need no change are copied verbatim.
 *
 * @param keepsLength whether Content-Length is passed on: not if it follows from the body itself.
 */
export type ResponseFields = (
  head: ResponseHead,
  origins: OriginPair,
  keepsLength: boolean,
) => ReadyFields

/** The origin by which the upstream was called, and the one that the client knows. */
export interface OriginPair {
  readonly upstream: string
  readonly scheme: string
  readonly host: string
}

/** Compiles the response header rules of an upstream. */
export function createResponseFields(config: UpstreamConfig): ResponseFields {
  const edits = Object.entries(config.response.set)
  const editNames = edits.map(([name]) => name.toLowerCase())
  const editLines = edits.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  // Alt-Svc offers another way to reach the origin, which would bypass the gate.
  const removed = new Set<string>([
    ...HOP_BY_HOP,
    'alt-svc',
    ...config.response.remove,
    ...editNames,
    ...(config.hideServer ? ['server', 'x-powered-by'] : []),
  ])
  return (head, origins, keepsLength) => {
    const { text, names, starts, connection, shown } = head
    if (shown !== undefined && shown.keepsLength === keepsLength) return shown
    const listed = connection === undefined ? undefined : connectionOptions(connection)
    // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length.
    const dropsLength = !keepsLength || head.isCoded
    const kept: string[] = []
    let lines = ''
    let isForAll = true
    // Adjacent lines that stay are copied together.
    let from = starts[0]!
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!
      const isDropped =
        removed.has(name) ||
        (dropsLength && name === 'content-length') ||
        listed?.includes(name) === true
      if (!isDropped) kept.push(name)
      if (!isDropped && name !== 'location' && name !== 'content-location') continue
      lines += text.slice(from, starts[index])
      from = starts[index + 1]!
      if (isDropped) continue
      lines += `${name}: ${rewriteAddress(valueAt(head, index), origins)}\r\n`
      isForAll = false
    }
    lines += text.slice(from, starts[names.length])
    kept.push(...editNames)
    const fields = { names: kept, lines: lines + editLines, keepsLength }
    if (isForAll) head.shown = fields
    return fields
  }
}

/**
 * A redirect to the upstream's own address would lead the client past the gate; a Content-Location with that address
 * names a resource that the client and the cache know by the gate's address.
 */
function rewriteAddress(address: string, { upstream, scheme, host }: OriginPair): string {
  // RFC 3986 §3.1, §3.2.2, §4.2: case means nothing here, and the scheme may be left out.
  const origin = address.startsWith('//') ? upstream.slice(upstream.indexOf('//')) : upstream
  if (address.slice(0, origin.length).toLowerCase() !== origin) return address
  const rest = address.slice(origin.length)
  return rest === '' || /^[/?#]/.test(rest) ? `${scheme}://${host}${rest}` : address
}
