import type { z } from 'zod'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'

const ERRORS_MAX = 20

/** Where a value stood in the request. */
export type Part = 'path' | 'query' | 'body'

/**
 * Parses part of a request. Refuses with `request_invalid`, naming each mistake by JSON pointer
 * (RFC 6901), at most twenty.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  part: Part,
): Outcome<z.output<S>> {
  const result = schema.safeParse(value)
  if (result.success) return succeed(result.data)
  const errors = result.error.issues.slice(0, ERRORS_MAX).map((issue) => ({
    in: part,
    pointer: issue.path.map((step) => `/${escape(String(step))}`).join(''),
    message: issue.message,
  }))
  return fail('request_invalid', {
    detail: `${errors.length === 1 ? 'One mistake' : `${errors.length} mistakes`} in the ${part}.`,
    extra: { errors },
  })
}

const escape = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1')
