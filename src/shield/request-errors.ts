import type { ErrorObject } from 'ajv/dist/types/index.js'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import { escapePointer, fragmentPointer } from './pointer.ts'
import type { RequestError } from './spec.ts'

const EXPECTED_LENGTH_MAX = 160

/** Keywords whose error only says that a subschema failed; the errors of the subschema say more. */
const WRAPPERS: ReadonlySet<string> = new Set(['vector3', 'if', 'allOf', '$ref'])

/** Parameters of an error that name the member that the pointer should lead to. */
const MEMBER_PARAMETERS = [
  'missingProperty',
  'additionalProperty',
  'unevaluatedProperty',
  'propertyName',
] as const

const MESSAGES: Readonly<Record<string, string>> = {
  required: 'is required',
  additionalProperties: 'is not allowed',
  unevaluatedProperties: 'is not allowed',
  'false schema': 'is not allowed',
  uniqueItems: 'must not have equal items',
  propertyNames: 'is not an allowed name',
  enum: 'must be one of the allowed values',
  const: 'must be the allowed value',
}

/** What a keyword requires, from its parameters. */
const EXPECTATIONS: Readonly<Record<string, (params: Record<string, unknown>) => unknown>> = {
  type: (params) => params['type'],
  format: (params) => params['format'],
  pattern: (params) => params['pattern'],
  enum: (params) => params['allowedValues'],
  const: (params) => params['allowedValue'],
  minimum: comparison,
  maximum: comparison,
  exclusiveMinimum: comparison,
  exclusiveMaximum: comparison,
  multipleOf: (params) => `a multiple of ${String(params['multipleOf'])}`,
  minLength: (params) => `at least ${String(params['limit'])} characters`,
  maxLength: (params) => `at most ${String(params['limit'])} characters`,
  minItems: (params) => `at least ${String(params['limit'])} items`,
  maxItems: (params) => `at most ${String(params['limit'])} items`,
  minProperties: (params) => `at least ${String(params['limit'])} members`,
  maxProperties: (params) => `at most ${String(params['limit'])} members`,
}

function comparison(params: Record<string, unknown>): string {
  return `${String(params['comparison'])} ${String(params['limit'])}`
}

/** Describes what a validator found, without quoting any of the request's values. */
export function describeErrors(
  where: string,
  errors: readonly ErrorObject[],
  errorsMax: number,
): readonly RequestError[] {
  const telling = errors.filter((error) => !WRAPPERS.has(error.keyword))
  return (telling.length > 0 ? telling : errors)
    .slice(0, errorsMax)
    .map((error) => describeError(where, error))
}

function describeError(where: string, error: ErrorObject): RequestError {
  const params: Record<string, unknown> = error.params
  const member = MEMBER_PARAMETERS.map((name) => params[name]).find(
    (name) => typeof name === 'string',
  )
  const below = typeof member === 'string' ? `/${escapePointer(member)}` : ''
  const pointer = fragmentPointer(where, error.instancePath + below)
  const message = MESSAGES[error.keyword] ?? error.message ?? 'is not valid'
  const expected = EXPECTATIONS[error.keyword]?.(params)
  return expected === undefined
    ? { pointer, message }
    : { pointer, message, expected: shorten(expected) }
}

function shorten(expected: unknown): string {
  const text = typeof expected === 'string' ? expected : JSON.stringify(expected)
  return text.length > EXPECTED_LENGTH_MAX ? `${text.slice(0, EXPECTED_LENGTH_MAX)}…` : text
}

/** The refusal that lists errors. */
export const requestInvalid = (errors: readonly RequestError[]): Refusal =>
  refuse('request_invalid', { extra: { errors } })
