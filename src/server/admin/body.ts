import { fromUtf8 } from '../../core/bytes.ts'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'

const DEPTH_MAX = 32
const POLLUTING = new Set(['__proto__', 'constructor', 'prototype'])

/** Reads a body of at most `bytesMax`; stops as soon as it is longer. */
export async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
  const tooLarge = fail('body_too_large', { detail: `At most ${bytesMax} bytes.` })
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) return tooLarge
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > bytesMax) return tooLarge
    chunks.push(chunk)
  }
  const body = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return succeed(body)
}

/** Parses a JSON body: strict UTF-8, bounded depth, no keys that reach into prototypes. */
export function parseJsonBody(bytes: Uint8Array, contentType: string | null): Outcome<unknown> {
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')) {
    return fail('content_type_unsupported', { detail: 'Expected application/json.' })
  }
  const text = fromUtf8(bytes)
  if (text === undefined) return fail('json_invalid', { detail: 'The body is not UTF-8.' })
  try {
    const value = JSON.parse(text) as unknown
    const reason = unacceptable(value, 0)
    return reason === undefined ? succeed(value) : fail('json_invalid', { detail: reason })
  } catch {
    return fail('json_invalid')
  }
}

function unacceptable(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value !== 'object') return undefined
  if (depth >= DEPTH_MAX) return `Nested more than ${DEPTH_MAX} levels deep.`
  for (const [key, item] of Object.entries(value)) {
    if (POLLUTING.has(key)) return `The key ${JSON.stringify(key)} is not accepted.`
    const reason = unacceptable(item, depth + 1)
    if (reason !== undefined) return reason
  }
  return undefined
}
