import type { Answer, Field } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { PROBLEM_TYPE, renderProblem } from '../../core/problem.ts'
import type { Refusal } from '../../core/refusal.ts'
import { REFUSALS } from '../../core/refusal.ts'

/** A refusal as a complete answer: status, fields, problem+json (RFC 9457). */
export function plainProblem(refusal: Refusal, requestId: string): PlainAnswer {
  const fields: Field[] = [
    ...Object.entries(refusal.headers ?? {}),
    ['content-type', PROBLEM_TYPE],
    ['cache-control', 'no-store'],
    ['x-request-id', requestId],
  ]
  return new PlainAnswer(REFUSALS[refusal.code].status, fields, renderProblem(refusal, requestId))
}

/** The web's own response in the plain form. */
export function plainResponse(response: Response): PlainAnswer {
  return new PlainAnswer(response.status, [...response.headers], response.body)
}

/** Nobody is there any longer to be answered. */
export function discardAnswer({ body }: Answer): void {
  if (body instanceof ReadableStream && !body.locked) void body.cancel().catch(() => undefined)
}
