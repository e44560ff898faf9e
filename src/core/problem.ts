import { PlainAnswer, toResponse } from './answer.ts'
import type { Field } from './answer.ts'
import type { Refusal } from './refusal.ts'
import { REFUSALS } from './refusal.ts'

/** The media type of RFC 9457 problem details. */
export const PROBLEM_TYPE = 'application/problem+json'

/**
 * Renders a refusal as RFC 9457 problem details. Reserved members are written last, so that `extra`
 * cannot forge them; `internal` is left out.
 *
 * @param requestId becomes `instance` (`urn:tollgate:request:<id>`) and `requestId`.
 */
export function renderProblem(refusal: Refusal, requestId: string): string {
  const { status, title } = REFUSALS[refusal.code]
  return JSON.stringify({
    ...refusal.extra,
    type: `/problems/${refusal.code}`,
    title,
    status,
    detail: refusal.detail,
    instance: `urn:tollgate:request:${requestId}`,
    code: refusal.code,
    requestId,
  })
}

/** A refusal as a complete answer: status, headers, problem+json body. */
export function problemAnswer(refusal: Refusal, requestId: string): PlainAnswer {
  const fields: Field[] = [
    ['content-type', PROBLEM_TYPE],
    ['cache-control', 'no-store'],
    ['x-request-id', requestId],
  ]
  const { status } = REFUSALS[refusal.code]
  return new PlainAnswer(status, fields, renderProblem(refusal, requestId), refusal.headers)
}

/** {@link problemAnswer} as a web-standard `Response`. */
export const problemResponse = (refusal: Refusal, requestId: string): Response =>
  toResponse(problemAnswer(refusal, requestId))
