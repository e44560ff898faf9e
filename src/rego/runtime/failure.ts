import { RegoError } from '../errors.ts'
import type { Location, RegoErrorCode, RegoErrorItem } from '../errors.ts'

/** An error of evaluation. */
export function failure(code: RegoErrorCode, message: string, location?: Location): RegoError {
  const item: RegoErrorItem = {
    code,
    message,
    ...(location !== undefined && location.row > 0 && { location }),
  }
  return new RegoError([item])
}

/** The error of an evaluation that was stopped. */
export function cancelled(message: string): RegoError {
  return failure('eval_cancel_error', message)
}
