import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import { readJson } from '../../shield/index.ts'

const DEPTH_MAX = 32

/** Reads a body of at most `bytesMax` bytes; stops as soon as it is longer. */
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

/** Parses a JSON body as strictly as the gate does: see {@link readJson}. */
export function parseJsonBody(bytes: Uint8Array, contentType: string | null): Outcome<unknown> {
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')) {
    return fail('content_type_unsupported', { detail: 'Expected application/json.' })
  }
  return readJson(bytes, { depthMax: DEPTH_MAX })
}
