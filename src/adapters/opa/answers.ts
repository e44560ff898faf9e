import type { RegoErrorItem, Value } from '../../rego/index.ts'
import { parseJson, RegoError, stringifyJson } from '../../rego/index.ts'

/** OPA's error codes. */
export type OpaErrorCode =
  | 'invalid_parameter'
  | 'invalid_operation'
  | 'internal_error'
  | 'resource_not_found'
  | 'undefined_document'
  | 'method_not_allowed'

/** An error that is answered as OPA would answer it. */
export class OpaError extends Error {
  readonly status: number
  readonly code: OpaErrorCode
  readonly errors: readonly RegoErrorItem[]

  constructor(
    status: number,
    code: OpaErrorCode,
    message: string,
    errors: readonly RegoErrorItem[] = [],
  ) {
    super(message)
    this.name = 'OpaError'
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** The JSON of an error. */
export const errorBody = ({ code, message, errors }: OpaError): Record<string, Value> => ({
  code,
  message,
  ...(errors.length > 0 && { errors: parseJson(JSON.stringify(errors)) }),
})

/** Answers JSON; numbers keep all their digits. */
export function answerJson(status: number, body: Value, pretty = false): Response {
  const text = stringifyJson(body)
  const shown = pretty ? indented(text) : text
  return new Response(`${shown}\n`, { status, headers: { 'content-type': 'application/json' } })
}

function indented(text: string): string {
  const shown = JSON.stringify(JSON.parse(text), null, 2)
  return stringifyJson(parseJson(shown)) === text ? shown : text
}

/** Runs an evaluation; its errors become OPA's server errors. */
export function evaluating<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    if (error.code.startsWith('eval_')) {
      const message = 'error(s) occurred while evaluating query'
      throw new OpaError(500, 'internal_error', message, error.errors)
    }
    const message = 'error(s) occurred while parsing query'
    throw new OpaError(400, 'invalid_parameter', message, error.errors)
  }
}

/** Runs a compilation; its errors become errors of the request. */
export function compiling<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    const message = 'error(s) occurred while compiling module(s)'
    throw new OpaError(400, 'invalid_parameter', message, error.errors)
  }
}
