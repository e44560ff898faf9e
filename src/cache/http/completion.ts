import { PlainAnswer } from '../../core/answer.ts'
import { concatBytes } from '../../core/bytes.ts'
import { bytesOfBody, declaredBytes, fieldsOf, streamOf } from './answer-body.ts'
import { parseContentRange } from './content-range.ts'
import type { Field } from './fields.ts'
import type { StoredPartial } from './parts.ts'
import { validatorOf } from './parts.ts'
import { strongValidator } from './strong-validator.ts'
import { updatedFields } from './update.ts'

/**
 * The complete answer that a stored beginning and a 206 with the rest make together (RFC 9111 §3.4); `undefined` when
 * they do not fit together, or are not known to be parts of the same bytes. Its body fails with an error when the rest
 * turns out to be shorter or longer than announced.
 */
export function completed(
  stored: StoredPartial,
  rest: PlainAnswer,
  arrivalMs: number,
): PlainAnswer | undefined {
  const range = parseContentRange(rest.get('content-range'))
  const { completeBytes } = stored.part
  if (range === undefined || rest.body === null) return undefined
  const { first, last } = range
  const restBytes = completeBytes - first
  const fits =
    first === stored.body.length &&
    last === completeBytes - 1 &&
    range.completeBytes === completeBytes &&
    (declaredBytes(rest) ?? restBytes) === restBytes
  if (!fits || strongValidator(rest, arrivalMs) !== validatorOf(stored)) return undefined
  const fields: Field[] = [...updatedFields(stored, fieldsOf(rest))]
  const bytes = bytesOfBody(rest.body)
  if (bytes !== undefined) return new PlainAnswer(200, fields, concatBytes(stored.body, bytes))
  fields.push(['content-length', String(completeBytes)])
  return new PlainAnswer(200, fields, joined(stored.body, streamOf(rest.body), restBytes))
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
          if (missing < 0) throw new TypeError('the rest of the content is longer than announced')
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
