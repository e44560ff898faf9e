import { parseContentRange } from './content-range.ts'
import type { StoredPartial } from './parts.ts'
import { validatorOf } from './parts.ts'
import { strongValidator } from './strong-validator.ts'
import { updatedFields } from './update.ts'

/**
 * The complete response that a stored beginning and a 206 with the rest make together (RFC 9111 §3.4);
 * `undefined` when they are not known to be of the same bytes, or do not fit. Its body breaks off with an error when
 * the rest turns out to be shorter or longer than it said.
 */
export function completed(
  stored: StoredPartial,
  rest: Response,
  arrivalMs: number,
): Response | undefined {
  const { headers, body } = rest
  const range = parseContentRange(headers.get('content-range'))
  const { completeBytes } = stored.part
  if (range === undefined || body === null) return undefined
  const { first, last } = range
  const fits =
    first === stored.body.length &&
    last === completeBytes - 1 &&
    range.completeBytes === completeBytes
  const length = headers.get('content-length')
  const restBytes = completeBytes - first
  if (!fits || (length !== null && Number(length) !== restBytes)) return undefined
  if (strongValidator(headers, arrivalMs) !== validatorOf(stored)) return undefined
  const fields = updatedFields(stored, [...headers]).map(([name, value]): [string, string] => [
    name,
    value,
  ])
  fields.push(['content-length', String(completeBytes)])
  return new Response(joined(stored.body, body, restBytes), { status: 200, headers: fields })
}

function joined(
  head: Uint8Array,
  rest: ReadableStream<Uint8Array>,
  restBytes: number,
): ReadableStream<Uint8Array> {
  const reader = rest.getReader()
  let missing = restBytes
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(head),
      async pull(controller) {
        const { done, value } = await reader.read()
        if (!done) {
          missing -= value.length
          if (missing < 0) throw new TypeError('the rest of the content is longer than it said')
          return controller.enqueue(value)
        }
        if (missing > 0) throw new TypeError('the rest of the content broke off')
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
