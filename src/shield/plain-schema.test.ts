import { expect, test } from 'bun:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { isPlainSchema } from './plain-schema.ts'

const ajv = new Ajv2020({ strict: false, logger: false })

/** Values that keywords may or may not allow. */
const value = (schema: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    schema,
    fc.array(schema, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '^c'), schema, { maxKeys: 2 }),
    fc.constantFrom('string', 'object', 'number', 'text', '#/$defs/a', 'a'),
    fc.array(fc.constantFrom('string', 'integer', 'a'), { maxLength: 3 }),
    fc.constantFrom(0, 1, -1, 1.5, true, false, null, 2 ** 60),
  )

const KEYWORDS = `
type properties patternProperties required enum const default not items prefixItems allOf oneOf
additionalProperties propertyNames if maxLength minItems maximum exclusiveMinimum uniqueItems
title $ref $defs dependentSchemas contains minContains examples format then multipleOf $anchor
$id $schema x-own dependentRequired
`
const keyword = fc.constantFrom(...KEYWORDS.trim().split(/\s+/))

const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.boolean(),
    fc.dictionary(keyword, value(tie('schema')), { maxKeys: 3 }),
  ),
}))

test('a schema that is taken for well-formed is so by the metaschema', () => {
  let plain = 0
  fc.assert(
    fc.property(schema, (candidate) => {
      if (typeof candidate !== 'object' || candidate === null) return
      if (!isPlainSchema(candidate as Record<string, unknown>)) return
      plain += 1
      expect(ajv.validateSchema(candidate)).toBe(true)
    }),
    { numRuns: 3000 },
  )
  expect(plain).toBeGreaterThan(100)
})

test.each([
  [{ type: 'strin' }],
  [{ type: [] }],
  [{ required: ['a', 'a'] }],
  [{ properties: { a: 3 } }],
  [{ maxLength: -1 }],
  [{ allOf: [] }],
  [{ unheardOf: 1 }],
  [{ items: { minimum: 'a' } }],
])('%j is left to the metaschema', (candidate) => {
  expect(isPlainSchema(candidate)).toBe(false)
})
