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

/** A refusal as a complete response: status, headers, problem+json body. */
export function problemResponse(refusal: Refusal, requestId: string): Response {
  return new Response(renderProblem(refusal, requestId), {
    status: REFUSALS[refusal.code].status,
    headers: {
      ...refusal.headers,
      'content-type': PROBLEM_TYPE,
      'cache-control': 'no-store',
      'x-request-id': requestId,
    },
  })
}
