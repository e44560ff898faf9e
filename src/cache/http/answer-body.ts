import type { AnswerBody, Field, PlainAnswer } from '../../core/answer.ts'
import { utf8 } from '../../core/bytes.ts'

/** All fields of an answer, those of the exchange included. */
export const fieldsOf = ({ fields, extra }: PlainAnswer): readonly Field[] =>
  extra === undefined
    ? fields
    : [...fields.filter(([name]) => !Object.hasOwn(extra, name)), ...Object.entries(extra)]

/** A body that is complete already, as bytes; `undefined` for one that is still arriving. */
export function bytesOfBody(body: AnswerBody): Uint8Array | undefined {
  if (body === null) return new Uint8Array()
  if (body instanceof ReadableStream) return undefined
  return typeof body === 'string' ? utf8(body) : body
}

/** The length of a body, where it is known before all of it is here. */
export function declaredBytes(answer: PlainAnswer): number | undefined {
  const bytes = bytesOfBody(answer.body)?.length
  if (bytes !== undefined) return bytes
  const length = answer.get('content-length')
  return length === null ? undefined : Number(length)
}

/** A body as a stream of bytes. */
export function streamOf(body: Exclude<AnswerBody, null>): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body
  const bytes = typeof body === 'string' ? utf8(body) : body
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

/** Cancels a body that nobody wants. */
export async function discard({ body }: PlainAnswer): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel().catch(() => undefined)
}
