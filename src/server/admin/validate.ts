import type { z } from 'zod'
import { fieldErrors } from '../../core/config/field-errors.ts'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'

/** The part of the request that a value came from. */
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
  const member = part === 'body' ? 'field' : 'parameter'
  const errors = fieldErrors(result.error, schema, value, member).map((each) =>
    Object.assign({ in: part }, each),
  )
  return fail('request_invalid', {
    detail: `${errors.length === 1 ? 'One mistake' : `${errors.length} mistakes`} in the ${part}.`,
    extra: { errors },
  })
}
