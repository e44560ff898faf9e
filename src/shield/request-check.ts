import { fromUtf8 } from '../core/bytes.ts'
import type { Outcome, Refusal } from '../core/refusal.ts'
import { fail, refuse, succeed } from '../core/refusal.ts'
import type { BodyKind } from './content-type.ts'
import { bodyKind, compileContentTypes } from './content-type.ts'
import { readJson } from './json.ts'
import type { Parameters } from './parameters.ts'
import { parseParameters } from './parameters.ts'
import { describeErrors, requestInvalid } from './request-errors.ts'
import type { SchemaCheck, SchemaCompiler } from './schema-compiler.ts'
import { createSchemaCompiler } from './schema-compiler.ts'
import type {
  Compiled,
  HeaderReader,
  JsonSchema,
  RequestCheck,
  RequestError,
  RequestHead,
  RequestSpec,
  SchemaProblem,
} from './spec.ts'
import type { TypedReader } from './typed.ts'
import { compileTypedReader } from './typed.ts'

/**
 * For bodies up to this size, all errors are reported; for larger ones only the first, because finding all costs far
 * more than the request itself, and a stranger decides how many there are.
 */
const EXPLAINED_BYTES_MAX = 8192

/** Compiles `request:` blocks against the `schemas:` of a configuration. */
export interface Shield {
  compile(spec: RequestSpec): Compiled<RequestCheck>
}

/**
 * Compiles the named schemas, and returns the compiler of routes.
 *
 * @returns problems with paths into the `schemas:` section
 */
export function createShield(schemas: Readonly<Record<string, JsonSchema>>): Compiled<Shield> {
  const compiler = createSchemaCompiler(schemas)
  if (!compiler.ok) return compiler
  return { ok: true, value: { compile: (spec) => compileRequestSchema(spec, compiler.value) } }
}

interface Part {
  readonly check: SchemaCheck
  readonly reader: TypedReader
}

function compileRequestSchema(spec: RequestSpec, compiler: SchemaCompiler): Compiled<RequestCheck> {
  const problems: SchemaProblem[] = [...bodyTypeProblems(spec), ...headerNameProblems(spec)]
  const compilePart = (where: 'path' | 'query' | 'headers' | 'body'): Part | undefined => {
    const schema = spec[where]
    if (schema === undefined) return undefined
    const compiled = compiler.compile(schema, [where])
    if (!compiled.ok) {
      problems.push(...compiled.problems)
      return undefined
    }
    const resolve = (reference: string): JsonSchema | undefined =>
      compiler.resolve(schema, reference)
    return { check: compiled.value, reader: compileTypedReader(where, schema, resolve) }
  }
  const path = compilePart('path')
  const query = compilePart('query')
  const headers = compilePart('headers')
  const body = compilePart('body')
  if (problems.length > 0) return { ok: false, problems }

  const kindOf = compileContentTypes(spec.contentTypes)
  const { errorsMax } = spec
  return {
    ok: true,
    value: {
      checksHead: path !== undefined || query !== undefined || headers !== undefined,
      checksBody: body !== undefined,
      bodyBytesMax: spec.bodyMax,
      head(request) {
        const errors: RequestError[] = []
        const refusal = query === undefined ? undefined : checkQuery(query, request, spec, errors)
        if (refusal !== undefined) return refusal
        if (path !== undefined) checkPath(path, request, errorsMax, errors)
        if (headers !== undefined) checkHeaders(headers, request.headers, errorsMax, errors)
        return errors.length === 0 ? undefined : requestInvalid(errors.slice(0, errorsMax))
      },
      contentType: (contentType) =>
        contentType === null || kindOf(contentType) !== undefined
          ? undefined
          : refuse('content_type_unsupported', { extra: { accepted: spec.contentTypes } }),
      body(content, contentType) {
        if (content.length === 0) return emptyBody(body !== undefined && spec.bodyRequired)
        if (content.length > spec.bodyMax) return fail('body_too_large')
        const kind = contentType === null ? undefined : kindOf(contentType)
        if (kind === undefined) {
          return fail('content_type_unsupported', { extra: { accepted: spec.contentTypes } })
        }
        return body === undefined
          ? readBody(content, kind, spec)
          : checkBody(body, content, kind, spec)
      },
    },
  }
}

function checkBody(
  part: Part,
  content: Uint8Array | string,
  kind: BodyKind,
  spec: RequestSpec,
): Outcome<unknown> {
  const { check, reader } = part
  if (kind === 'form') return checkForm(check, reader, content, spec)
  const parsed = readJson(content, spec)
  if (!parsed.ok || check.accepts(parsed.value)) return parsed
  const errors = check.explain(parsed.value, content.length <= EXPLAINED_BYTES_MAX)
  return { ok: false, refusal: requestInvalid(describeErrors('body', errors, spec.errorsMax)) }
}

function readBody(
  content: Uint8Array | string,
  kind: BodyKind,
  spec: RequestSpec,
): Outcome<unknown> {
  if (kind === 'json') return readJson(content, spec)
  if (kind !== 'form') return succeed(content)
  const parsed = readForm(content, spec)
  return parsed.ok ? succeed(Object.fromEntries(parsed.value)) : parsed
}

function checkForm(
  check: SchemaCheck,
  reader: TypedReader,
  content: Uint8Array | string,
  spec: RequestSpec,
): Outcome<unknown> {
  const parsed = readForm(content, spec)
  if (!parsed.ok) return parsed
  const errors: RequestError[] = []
  const value = readTyped(reader, parsed.value, errors)
  checkValue('body', check, value, spec.errorsMax, errors)
  return errors.length === 0
    ? succeed(value)
    : { ok: false, refusal: requestInvalid(errors.slice(0, spec.errorsMax)) }
}

function readForm(content: Uint8Array | string, spec: RequestSpec): Outcome<Parameters> {
  const text = typeof content === 'string' ? content : fromUtf8(content)
  if (text === undefined) return fail('bad_request', { detail: 'The form is not valid UTF-8.' })
  const parsed = parseParameters(text, spec.parametersMax)
  return parsed.ok ? parsed : fail('bad_request', { detail: parsed.detail })
}

function checkQuery(
  { check, reader }: Part,
  request: RequestHead,
  spec: RequestSpec,
  errors: RequestError[],
): Refusal | undefined {
  const parsed = parseParameters(request.query, spec.parametersMax)
  if (!parsed.ok) return refuse('bad_request', { detail: parsed.detail })
  checkValue('query', check, readTyped(reader, parsed.value, errors), spec.errorsMax, errors)
  return undefined
}

function checkPath(
  { check, reader }: Part,
  { params }: RequestHead,
  errorsMax: number,
  errors: RequestError[],
): void {
  const value = emptyObject()
  for (const name of Object.keys(params)) {
    value[name] = reader.read(name, [params[name] ?? ''], errors)
  }
  checkValue('path', check, value, errorsMax, errors)
}

/** Checks only the headers that the schema mentions; the others do not concern it. */
function checkHeaders(
  { check, reader }: Part,
  headers: HeaderReader,
  errorsMax: number,
  errors: RequestError[],
): void {
  const value = emptyObject()
  for (const name of reader.names) {
    const content = headers.get(name)
    if (content !== null) value[name] = reader.read(name, [content], errors)
  }
  checkValue('headers', check, value, errorsMax, errors)
}

function readTyped(
  reader: TypedReader,
  parameters: Parameters,
  errors: RequestError[],
): Record<string, unknown> {
  const value = emptyObject()
  for (const [name, values] of parameters) value[name] = reader.read(name, values, errors)
  return value
}

function checkValue(
  where: string,
  check: SchemaCheck,
  value: unknown,
  errorsMax: number,
  errors: RequestError[],
): void {
  if (check.accepts(value)) return
  errors.push(...describeErrors(where, check.explain(value, true), errorsMax))
}

const emptyObject = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>

function emptyBody(isRequired: boolean): Outcome<undefined> {
  if (!isRequired) return succeed(undefined)
  const errors = [{ pointer: '#/body', message: 'is required' }]
  return { ok: false, refusal: requestInvalid(errors) }
}

function bodyTypeProblems(spec: RequestSpec): readonly SchemaProblem[] {
  if (spec.body === undefined) return []
  return spec.contentTypes.flatMap((type, index) =>
    bodyKind(type) === 'other'
      ? [{ path: ['contentTypes', index], message: `a body schema cannot check ${type}` }]
      : [],
  )
}

function headerNameProblems(spec: RequestSpec): readonly SchemaProblem[] {
  const properties = spec.headers?.['properties']
  if (typeof properties !== 'object' || properties === null) return []
  return Object.keys(properties)
    .filter((name) => name !== name.toLowerCase())
    .map((name) => ({
      path: ['headers', 'properties', name],
      message: `header names must be lowercase here: ${name.toLowerCase()}`,
    }))
}
