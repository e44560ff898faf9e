import type { z } from 'zod'
import { describeIssues } from './describe-issue.ts'
import type { Finding } from './describe-issue.ts'
import { jsonWords } from './describe-value.ts'

/** A mistake in JSON, or in a query, as it is told to who sent it. */
export interface FieldError {
  /** JSON pointer (RFC 6901) to the value, or to the field that should be there or should not; empty for the whole. */
  readonly pointer: string
  readonly message: string
}

const ERRORS_MAX = 20
const NAME_CHARACTERS_MAX = 64

/**
 * What is wrong with a value that a schema refused, in words: at most twenty mistakes, for a stranger decides how many
 * there are.
 *
 * @param member what is missing or unknown: a field of JSON, by default, or a parameter.
 */
export function fieldErrors(
  error: z.core.$ZodError,
  schema: z.core.$ZodType,
  value: unknown,
  member: 'field' | 'parameter' = 'field',
): FieldError[] {
  const issues = error.issues.slice(0, ERRORS_MAX).map(bounded)
  return describeIssues(issues, schema, value, jsonWords(member)).slice(0, ERRORS_MAX).map(toError)
}

/** One issue may name any number of unknown fields. */
const bounded = (issue: z.core.$ZodIssue): z.core.$ZodIssue =>
  issue.code === 'unrecognized_keys'
    ? Object.assign({}, issue, { keys: issue.keys.slice(0, ERRORS_MAX) })
    : issue

function toError({ path, message, expected, suggestion }: Finding): FieldError {
  const steps = path.map((step) => String(step).slice(0, NAME_CHARACTERS_MAX))
  const pointer = steps.map((step) => `/${escape(step)}`).join('')
  if (suggestion !== undefined)
    return { pointer, message: `${message}; did you mean "${suggestion}"?` }
  const isSaid = expected === undefined || message.includes(expected)
  return { pointer, message: isSaid ? message : `${message}: expected ${expected}` }
}

const escape = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1')
