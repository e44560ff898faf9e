import { z } from 'zod'
import { name, size } from '../core/config/fields.ts'

const schema = (what: string): z.ZodRecord<z.ZodString, z.ZodUnknown> =>
  z.record(z.string(), z.unknown()).describe(`JSON Schema (2020-12) of ${what}.`)

/** The `schemas:` section: JSON Schemas by name, for `$ref: name` (or `name#/…`) in any other schema. */
export const schemasConfig = z.record(name(), schema('a shared part')).default({})

/** A route's `request:` block. Sizes are bytes once parsed. */
export const requestConfig = z.strictObject({
  path: schema('the path parameters, an object').optional(),
  query: schema('the query parameters, an object').optional(),
  headers: schema('headers, an object of lowercase names').optional(),
  body: schema('the body').optional(),
  bodyRequired: z
    .boolean()
    .default(true)
    .describe('Whether a body is required where there is a schema for it.'),
  contentTypes: z
    .array(z.string().regex(/^[a-z0-9.+*-]+\/[a-z0-9.+*-]+$/))
    .min(1)
    .default(['application/json'])
    .describe('Media types of bodies. With a body schema: JSON types and HTML forms.'),
  bodyMax: size().prefault('1MiB').describe('Largest body.'),
  depthMax: z.int().min(1).max(512).default(32).describe('Maximum nesting depth of a JSON body.'),
  parametersMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Maximum number of parameters in a query or form.'),
  errorsMax: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Maximum number of errors listed in a refusal.'),
})

/** The parsed `request:` block. */
export type RequestConfig = z.output<typeof requestConfig>
