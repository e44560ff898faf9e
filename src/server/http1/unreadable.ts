import type { PlainAnswer } from '../../core/answer.ts'
import type { BodyError } from '../../core/http1/body-error.ts'
import { METHODS } from '../../core/methods.ts'
import { problemAnswer } from '../../core/problem.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'

/** Why a request cannot be read. A short, fixed list, suitable as a metric label. */
export type UnreadableReason =
  | 'request_line'
  | 'method'
  | 'target'
  | 'version'
  | 'field_line'
  | 'field_name'
  | 'field_value'
  | 'field_repeated'
  | 'host'
  | 'content_length'
  | 'transfer_encoding'
  | 'expect'
  | 'head_too_large'
  | 'body'
  | 'body_too_large'
  | 'bodies_held_max'
  | 'too_slow'

const HEADERS: Readonly<Partial<Record<RefusalCode, Readonly<Record<string, string>>>>> = {
  method_not_allowed: { allow: METHODS.join(', ') },
  unavailable: { 'retry-after': '1' },
}

const BODY_REASONS: Readonly<Partial<Record<RefusalCode, UnreadableReason>>> = {
  body_too_large: 'body_too_large',
  unavailable: 'bodies_held_max',
}

/** A malformed or ambiguous request, and how it is answered. */
export class Unreadable {
  readonly reason: UnreadableReason
  readonly code: RefusalCode
  readonly detail: string

  constructor(reason: UnreadableReason, code: RefusalCode, detail: string) {
    this.reason = reason
    this.code = code
    this.detail = detail
  }

  answer(requestId: string): PlainAnswer {
    const { code, detail } = this
    const headers = HEADERS[code]
    return problemAnswer(
      refuse(code, { detail, ...(headers !== undefined && { headers }) }),
      requestId,
    )
  }
}

export const SLOW_HEAD = new Unreadable(
  'too_slow',
  'request_timeout',
  'The request did not come in time.',
)
export const SLOW_BODY = new Unreadable('too_slow', 'request_timeout', 'The body came too slowly.')
export const LARGE_BODY = new Unreadable(
  'body_too_large',
  'body_too_large',
  'The body is too large.',
)

/** What a body's failure means for its request. */
export const unreadableBody = ({ code, message }: BodyError): Unreadable =>
  new Unreadable(BODY_REASONS[code] ?? 'body', code, message)
