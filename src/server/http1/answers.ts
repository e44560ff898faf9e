import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'

/** A standard `Response` as a {@link PlainAnswer}. */
export function plainResponse(response: Response): PlainAnswer {
  return new PlainAnswer(response.status, [...response.headers], response.body)
}

/** Discards an answer whose client has gone. */
export function discardAnswer({ body }: Answer): void {
  if (body instanceof ReadableStream && !body.locked) void body.cancel().catch(() => undefined)
}
