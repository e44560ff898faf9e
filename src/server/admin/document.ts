import type { RouteConfig } from '@hono/zod-openapi'
import { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import type { JsonSchema } from '../../core/config/index.ts'
import { REFUSALS } from '../../core/refusal.ts'
import type { Operation } from './operation.ts'

/** The OpenAPI document of the admin API. */
export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

const DESCRIPTION = `Everything Tollgate administers: tenants, users, roles, keys, tokens, sessions,
limits, bans, the audit log and the configuration.

Every request needs \`Authorization: Bearer <root key, API key or token>\`. Credentials of a
tenant see and change only that tenant. Refusals are problem details (RFC 9457) with a stable
\`code\`. Every change is in the audit log before it is acknowledged; 202 instead of the usual status means
that other gates sharing its Redis have not heard of it yet. Lists are
\`{ "data": [], "nextCursor": null }\`; changes honor \`Idempotency-Key\` (24 h) and \`If-Match\`.`

/**
 * Describes the operations as OpenAPI 3.1. Schemas come from zod's own JSON Schema (draft 2020-12), which OpenAPI 3.1
 * accepts unchanged; named ones become components.
 */
export function describeApi(operations: readonly Operation[]): ApiDocument {
  const registry = new OpenAPIHono()
  const components = new Map<string, JsonSchema>()
  const schema = (type: z.ZodType, io: 'input' | 'output'): object =>
    convert(type, io, components) as object
  for (const operation of operations) {
    registry.openAPIRegistry.registerPath({
      method: operation.method,
      path: `/v1${operation.path}`,
      operationId: operation.id,
      tags: [operation.tag],
      summary: operation.summary,
      ...(operation.description !== undefined && { description: operation.description }),
      ...(operation.permission !== undefined && {
        'x-permission': operation.permission,
      }),
      parameters: parametersOf(operation, schema) as ApiParameters,
      ...(operation.body !== undefined && {
        requestBody: {
          required: !operation.body.safeParse(undefined).success,
          content: { 'application/json': { schema: schema(operation.body, 'input') } },
        },
      }),
      responses: responsesOf(operation, schema),
      security: [{ bearer: [] }],
    })
  }
  registry.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'The root key, an API key or an access token.',
  })
  registry.openAPIRegistry.registerComponent('schemas', 'Problem', PROBLEM as object)
  for (const [name, component] of [...components].sort(([a], [b]) => (a < b ? -1 : 1))) {
    registry.openAPIRegistry.registerComponent('schemas', name, component as object)
  }
  return registry.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Tollgate admin API', version: '1', description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map((operation) => operation.tag))].map((name) => ({ name })),
  })
}

type Convert = (type: z.ZodType, io: 'input' | 'output') => object

function convert(
  type: z.ZodType,
  io: 'input' | 'output',
  components: Map<string, JsonSchema>,
): unknown {
  const generated = z.toJSONSchema(type, { target: 'draft-2020-12', io, unrepresentable: 'any' })
  const { $schema: _dialect, $defs = {}, '~standard': _validator, ...body } = generated
  for (const [name, component] of Object.entries($defs)) {
    const { id: _id, ...rest } = component as JsonSchema
    components.set(componentName(name), renameReferences(rest) as JsonSchema)
  }
  const { id, ...rest } = body
  if (typeof id !== 'string') return renameReferences(rest)
  components.set(id, renameReferences(rest) as JsonSchema)
  return { $ref: `#/components/schemas/${id}` }
}

/** The only schema that zod names itself is the recursive one of any JSON value. */
const componentName = (name: string): string => (name.startsWith('__') ? 'JsonValue' : name)

const renameReferences = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      key === '$ref' && typeof item === 'string'
        ? `#/components/schemas/${componentName(item.replace(/^#\/\$defs\//, ''))}`
        : item,
    ),
  ) as unknown

type SchemaObject = { type: 'string'; enum: string[] }

type ApiParameters = NonNullable<RouteConfig['parameters']>

interface ParameterObject {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: object
}

function parametersOf(operation: Operation, schema: Convert): ParameterObject[] {
  const of = (type: z.ZodObject, place: 'path' | 'query'): ParameterObject[] =>
    Object.entries(type.shape).map(([name, field]) => {
      const { description, ...rest } = schema(field as z.ZodType, 'input') as JsonSchema
      const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success
      const parameter: ParameterObject = { name, in: place, required, schema: rest }
      if (description !== undefined) parameter.description = description
      return parameter
    })
  const parameters = [...of(operation.params, 'path'), ...of(operation.query, 'query')]
  if (operation.action !== undefined) {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'Repeating the request with the same key within 24 hours gets the same answer.',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    })
  }
  if (operation.conditional === true) {
    parameters.push({
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'Change only this version: an ETag received earlier.',
      schema: { type: 'string', pattern: String.raw`^("\d{1,15}"|\*)$` },
    })
  }
  return parameters
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function responsesOf(operation: Operation, schema: Convert) {
  const { status, result } = operation
  const type = operation.ndjson === true ? 'application/x-ndjson' : 'application/json'
  const body = operation.ndjson === true ? { type: 'string' } : undefined
  const content = body ?? (result === undefined ? undefined : schema(result, 'output'))
  return {
    [status]: {
      description: SUCCESS[status],
      ...(content !== undefined && { content: { [type]: { schema: content } } }),
    },
    ...(operation.action !== undefined && {
      202: {
        description: PENDING,
        headers: { 'Tollgate-Pending': { schema: PENDING_FIELD } },
        ...(content !== undefined && { content: { [type]: { schema: content } } }),
      },
    }),
    ...(operation.method === 'get' && { 304: { description: 'Not modified.' } }),
    401: problem('No credential, or one that is not accepted.'),
    '4XX': problem('Refused; `code` says why.'),
    '5XX': problem('Failed; nothing internal is told.'),
  }
}

const PENDING =
  'Done, and in force on this gate. Other gates that share its Redis could not be told yet, and will be as soon as Redis answers.'

const PENDING_FIELD = { type: 'string', enum: ['others'] } satisfies SchemaObject

const SUCCESS = { 200: 'Done.', 201: 'Created.', 204: 'Done; no content.' } as const

const PROBLEM = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', format: 'uri' },
    code: { type: 'string', enum: Object.keys(REFUSALS) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Each mistake of the request, by JSON pointer.',
      items: { type: 'object' },
    },
  },
  required: ['type', 'title', 'status', 'instance', 'code', 'requestId'],
} as const
