import { LabError } from '../../core/index.ts'

/** A request before it is written. */
export interface RequestParts {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
}

const encoder = new TextEncoder()

/**
 * Writes an HTTP/1.1 request. Adds `Host` and `Content-Length` if they are missing.
 *
 * @throws LabError for anything that would break the framing of the message.
 */
export function requestBytes(authority: string, parts: RequestParts): Uint8Array {
  const names = new Set(parts.headers.map(([name]) => name.toLowerCase()))
  const body = parts.body === null ? undefined : encoder.encode(parts.body)
  const lines = [`${parts.method} ${parts.path} HTTP/1.1`]
  if (!names.has('host')) lines.push(`Host: ${authority}`)
  for (const [name, value] of parts.headers) {
    if (name.toLowerCase() !== 'content-length') lines.push(`${name}: ${value}`)
  }
  const needsLength = body !== undefined || /^(POST|PUT|PATCH)$/.test(parts.method)
  if (needsLength) lines.push(`Content-Length: ${body?.length ?? 0}`)
  if (lines.some((line) => /[\r\n\0]/.test(line)) || /[\s#]/.test(parts.path)) {
    throw new LabError(`${parts.method} ${parts.path} cannot be sent: a break in its head`)
  }
  const head = encoder.encode(`${lines.join('\r\n')}\r\n\r\n`)
  if (body === undefined) return head
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}
