import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'

/** The web's own response in the plain form. */
export function plainResponse(response: Response): PlainAnswer {
  return new PlainAnswer(response.status, [...response.headers], response.body)
}

/** Nobody is there any longer to be answered. */
export function discardAnswer({ body }: Answer): void {
  if (body instanceof ReadableStream && !body.locked) void body.cancel().catch(() => undefined)
}
