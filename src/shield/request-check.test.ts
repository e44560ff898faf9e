import { describe, expect, test } from 'bun:test'
import type { z } from 'zod'
import { utf8 } from '../core/bytes.ts'
import type { Refusal } from '../core/refusal.ts'
import { requestConfig } from './config.ts'
import { createShield } from './request-check.ts'
import type { JsonSchema, RequestCheck, RequestError, SchemaProblem } from './spec.ts'

type Spec = z.input<typeof requestConfig>

const compile = (spec: Spec, schemas: Record<string, JsonSchema> = {}): RequestCheck => {
  const shield = createShield(schemas)
  if (!shield.ok) throw new Error(JSON.stringify(shield.problems))
  const check = shield.value.compile(requestConfig.parse(spec))
  if (!check.ok) throw new Error(JSON.stringify(check.problems))
  return check.value
}
const problemsOf = (spec: Spec): readonly SchemaProblem[] => {
  const shield = createShield({})
  if (!shield.ok) return shield.problems
  const check = shield.value.compile(requestConfig.parse(spec))
  return check.ok ? [] : check.problems
}
const JSON_TYPE = 'application/json'
const bodyRefusal = (check: RequestCheck, body: unknown): Refusal | undefined => {
  const outcome = check.body(JSON.stringify(body), JSON_TYPE)
  return outcome.ok ? undefined : outcome.refusal
}
const errorsOf = (refusal: Refusal | undefined): readonly RequestError[] =>
  (refusal?.extra?.['errors'] ?? []) as readonly RequestError[]
const pointersOf = (refusal: Refusal | undefined): readonly string[] =>
  errorsOf(refusal).map((error) => error.pointer)
const head = (check: RequestCheck, query: string, more: Partial<{ headers: HeadersInit }> = {}) =>
  check.head({ params: {}, query, headers: new Headers(more.headers) })

const position: JsonSchema = {
  type: 'object',
  properties: {
    position: { vector3: { minimum: -1000, maximum: 1000 } },
    player: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
  },
  required: ['position', 'player'],
  additionalProperties: false,
}
const inside = { position: { x: 1, y: -2.5, z: 1000 }, player: 'ada' }

describe('bodies', () => {
  const check = compile({ body: position })

  test('a body that fits passes, as its parsed value', () => {
    expect(check.body(utf8(JSON.stringify(inside)), JSON_TYPE)).toEqual({ ok: true, value: inside })
  })

  test('a position beyond the world is refused, and the field is named by pointer', () => {
    const refusal = bodyRefusal(check, { ...inside, position: { x: 0, y: 1000.5, z: 0 } })
    expect(refusal?.code).toBe('request_invalid')
    expect(errorsOf(refusal)).toEqual([
      { pointer: '#/body/position/y', message: 'must be <= 1000', expected: '<= 1000' },
    ])
  })

  test('all that is wrong is named: missing, unknown and misshapen fields', () => {
    const refusal = bodyRefusal(check, { position: { x: 'a', y: 0 }, admin: true })
    expect([...pointersOf(refusal)].sort()).toEqual([
      '#/body/admin',
      '#/body/player',
      '#/body/position/x',
      '#/body/position/z',
    ])
  })

  test('at most N errors are named', () => {
    const many = compile({ body: { items: { type: 'integer' } }, errorsMax: 3 })
    expect(pointersOf(bodyRefusal(many, ['a', 'b', 'c', 'd', 'e']))).toEqual([
      '#/body/0',
      '#/body/1',
      '#/body/2',
    ])
  })

  test('of a large body the first error is named, however many there are', () => {
    const many = compile({ body: { items: { type: 'integer' } } })
    const wrong = Array.from({ length: 5000 }, () => 'a')
    expect(pointersOf(bodyRefusal(many, wrong))).toEqual(['#/body/0'])
  })

  test('values of the request are never repeated', () => {
    const secretive = compile({
      body: {
        type: 'object',
        properties: { pin: { type: 'string', maxLength: 3, format: 'uuid' }, kind: { enum: [1] } },
      },
    })
    const refusal = bodyRefusal(secretive, { pin: 'hunter2', kind: 'hunter2' })
    expect(errorsOf(refusal).length).toBe(3)
    expect(JSON.stringify(refusal)).not.toContain('hunter2')
  })

  test('long names of the request are cut', () => {
    const refusal = bodyRefusal(check, { ...inside, ['x'.repeat(10_000)]: 1 })
    expect(JSON.stringify(refusal).length).toBeLessThan(500)
  })

  test('names with slashes, tildes and signs are escaped in pointers', () => {
    const refusal = bodyRefusal(check, { ...inside, 'a/b~c d': 1 })
    expect(pointersOf(refusal)).toEqual(['#/body/a~1b~0c%20d'])
  })

  test('an absent body is refused where one is required, and passes elsewhere', () => {
    const required = check.body('', null)
    expect(required.ok ? [] : pointersOf(required.refusal)).toEqual(['#/body'])
    const optional = compile({ body: position, bodyRequired: false })
    expect(optional.body('', null)).toEqual({ ok: true, value: undefined })
  })

  test('the bounds on size and depth hold', () => {
    const small = compile({ body: {}, bodyMax: '16B', depthMax: 2 })
    const large = small.body(`"${'a'.repeat(20)}"`, JSON_TYPE)
    expect(large.ok ? '' : large.refusal.code).toBe('body_too_large')
    expect(small.body('[[1]]', JSON_TYPE).ok).toBe(true)
    expect(small.body('[[[1]]]', JSON_TYPE).ok).toBe(false)
  })

  test('names inherited by every object are not taken for members', () => {
    const strict = compile({ body: { type: 'object', required: ['toString'] } })
    expect(pointersOf(bodyRefusal(strict, {}))).toEqual(['#/body/toString'])
  })

  test('unique items are compared by value and in linear time', () => {
    const unique = compile({ body: { type: 'array', uniqueItems: true } })
    expect(
      bodyRefusal(unique, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ])?.code,
    ).toBe('request_invalid')
    expect(bodyRefusal(unique, [1, '1', true, 'true', null, [1], ['1'], { a: 1 }])).toBeUndefined()
    const many = Array.from({ length: 60_000 }, (_, at) => ({ at }))
    expect(bodyRefusal(unique, many)).toBeUndefined()
  })

  test('decimals are multiples of decimals', () => {
    const cents = compile({ body: { type: 'number', multipleOf: 0.01 } })
    for (const price of [0.07, 1.1, 19.99, 4.35]) expect(bodyRefusal(cents, price)).toBeUndefined()
    expect(bodyRefusal(cents, 0.075)?.code).toBe('request_invalid')
  })

  test('a pattern that would take a backtracking engine years is answered', () => {
    const evil = compile({ body: { type: 'string', pattern: '^(a+)+$' } })
    expect(bodyRefusal(evil, `${'a'.repeat(100_000)}!`)?.code).toBe('request_invalid')
    expect(bodyRefusal(evil, 'a'.repeat(100_000))).toBeUndefined()
    const names = compile({ body: { patternProperties: { '^(x+x+)+$': { type: 'integer' } } } })
    expect(bodyRefusal(names, { [`${'x'.repeat(5000)}!`]: 'a' })).toBeUndefined()
    expect(bodyRefusal(names, { xxxx: 'a' })?.code).toBe('request_invalid')
  })
})

describe('draft 2020-12', () => {
  test('named schemas refer to each other and to parts, also in circles', () => {
    const check = compile(
      { body: { $ref: 'tree' } },
      {
        tree: {
          type: 'object',
          properties: {
            name: { $ref: 'parts#/$defs/name' },
            children: { items: { $ref: 'tree' } },
          },
        },
        parts: { $defs: { name: { type: 'string', maxLength: 3 } } },
      },
    )
    expect(bodyRefusal(check, { children: [{ children: [{ name: 'abc' }] }] })).toBeUndefined()
    expect(pointersOf(bodyRefusal(check, { children: [{ name: 'abcd' }] }))).toEqual([
      '#/body/children/0/name',
    ])
  })

  test('references within a schema stay within it, whatever other routes have', () => {
    const shield = createShield({})
    if (!shield.ok) throw new Error('no named schema can be wrong')
    const checks = ['integer', 'string'].map((type) => {
      const check = shield.value.compile(
        requestConfig.parse({
          body: {
            type: 'object',
            properties: { next: { $ref: '#' }, value: { $ref: '#/$defs/value' } },
            required: ['value'],
            unevaluatedProperties: false,
            $defs: { value: { $anchor: 'value', type } },
          },
        }),
      )
      if (!check.ok) throw new Error(JSON.stringify(check.problems))
      return check.value
    })
    const [numbers, texts] = [checks[0]!, checks[1]!]
    const nested = (value: unknown) => ({ value, next: { value, next: { value } } })
    expect(bodyRefusal(texts, nested('a'))).toBeUndefined()
    expect(bodyRefusal(numbers, nested(1))).toBeUndefined()
    expect(pointersOf(bodyRefusal(numbers, { value: 1, next: { value: 'a' } }))).toEqual([
      '#/body/next/value',
    ])
    expect(pointersOf(bodyRefusal(texts, { value: 'a', next: { value: 1, more: 1 } }))).toEqual([
      '#/body/next/value',
      '#/body/next/more',
    ])
  })

  test.each([
    [{ $ref: '#x', $defs: { a: { $anchor: 'x', type: 'integer' } } }, 1, 'a'],
    [{ anyOf: [{ properties: { a: {} } }], unevaluatedProperties: false }, { a: 1 }, { b: 1 }],
    [{ type: 'string', nullable: true, example: 'x' }, null, 1],
    [{ prefixItems: [{ type: 'integer' }], items: false }, [1], [1, 2]],
    [{ contains: { const: 1 }, minContains: 2 }, [1, 1], [1]],
    [{ dependentRequired: { a: ['b'] } }, { a: 1, b: 1 }, { a: 1 }],
    [{ properties: { a: {} }, unevaluatedProperties: false }, { a: 1 }, { b: 1 }],
    [{ if: { const: 1 }, else: false }, 1, 2],
    [{ oneOf: [{ type: 'integer' }, { minimum: 2 }] }, 1, 3],
    [{ not: { type: 'null' } }, 1, null],
  ])('%j', (schema, valid, invalid) => {
    const check = compile({ body: schema })
    expect(bodyRefusal(check, valid)).toBeUndefined()
    expect(bodyRefusal(check, invalid)?.code).toBe('request_invalid')
  })
})

describe('queries, paths and headers', () => {
  const check = compile(
    {
      path: { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } },
      query: {
        type: 'object',
        properties: {
          q: { type: 'string', maxLength: 20 },
          limit: { type: 'integer', minimum: 1, maximum: 100 },
          deep: { type: 'boolean' },
          ratio: { type: 'number' },
          tag: { type: 'array', items: { type: 'integer' }, maxItems: 3 },
          kind: { $ref: 'kind' },
        },
        additionalProperties: false,
      },
      headers: { properties: { 'x-scene': { format: 'safe-path' } }, required: ['x-client'] },
    },
    { kind: { enum: ['a', 'b'] } },
  )
  const client = { headers: { 'X-Client': 'test' } }

  test.each([
    '',
    'q=green+apples%20%C3%A9&limit=20&deep=true&ratio=-1.5e2',
    'tag=1&tag=2',
    'tag=1',
    'kind=b',
    'q=',
    'q=1&&limit=1',
  ])('%j passes, with the types the schema asks for', (query) => {
    expect(head(check, query, client)).toBeUndefined()
  })

  test.each([
    ['limit=0', '#/query/limit'],
    ['limit=1.5', '#/query/limit'],
    ['limit=0x10', '#/query/limit'],
    ['limit=%201', '#/query/limit'],
    ['limit=', '#/query/limit'],
    ['limit=1e400', '#/query/limit'],
    ['deep=1', '#/query/deep'],
    ['deep=True', '#/query/deep'],
    ['ratio=NaN', '#/query/ratio'],
    ['ratio=Infinity', '#/query/ratio'],
    ['tag=x', '#/query/tag/0'],
    ['tag=1&tag=2&tag=3&tag=4', '#/query/tag'],
    ['kind=c', '#/query/kind'],
    ['other=1', '#/query/other'],
  ])('%j is refused and %s is named', (query, pointer) => {
    expect(pointersOf(head(check, query, client))).toEqual([pointer])
  })

  test('a parameter that is not a list must not be given twice', () => {
    expect(errorsOf(head(check, 'q=a&q=b', client))).toEqual([
      { pointer: '#/query/q', message: 'must be given once' },
    ])
  })

  test.each(['q=%', 'q=%zz', 'q=%ff', '%c0%80=1', '__proto__=1', 'constructor=1'])(
    'the query %j is refused outright',
    (query) => {
      expect(head(check, query, client)?.code).toBe('bad_request')
    },
  )

  test('the number of parameters is bounded', () => {
    const bounded = compile({ query: {}, parametersMax: 3 })
    expect(head(bounded, 'a=1&b=2&c=3')).toBeUndefined()
    expect(head(bounded, 'a=1&b=2&c=3&d=4')?.code).toBe('bad_request')
    expect(head(bounded, '&'.repeat(1_000_000))?.code).toBe('bad_request')
  })

  test('headers the schema names are checked, whatever the others are', () => {
    const good = { headers: { 'X-Client': 'a', 'X-Scene': 'rooms/hall.json', 'X-Any': '..' } }
    expect(head(check, '', good)).toBeUndefined()
    const bad = { headers: { 'X-Scene': '../etc' } }
    expect([...pointersOf(head(check, '', bad))].sort()).toEqual([
      '#/headers/x-client',
      '#/headers/x-scene',
    ])
  })

  test('path parameters have types too', () => {
    const at = (id: string) =>
      check.head({ params: { id }, query: '', headers: new Headers(client.headers) })
    expect(at('7')).toBeUndefined()
    expect(pointersOf(at('0'))).toEqual(['#/path/id'])
    expect(pointersOf(at('seven'))).toEqual(['#/path/id'])
  })
})

describe('content types', () => {
  test.each([
    ['application/json', undefined],
    ['application/json; charset=utf-8', undefined],
    ['Application/JSON;charset="UTF-8"', undefined],
    [null, undefined],
    ['application/json; charset=utf-16', 'content_type_unsupported'],
    ['application/json; charset=utf-8; charset=utf-7', 'content_type_unsupported'],
    ['application/json, text/plain', 'content_type_unsupported'],
    ['application/xml', 'content_type_unsupported'],
    ['application/json/x', 'content_type_unsupported'],
    ['application/merge-patch+json', 'content_type_unsupported'],
    ['', 'content_type_unsupported'],
  ] as const)('%j', (type, code) => {
    expect(compile({ body: {} }).contentType(type)?.code).toBe(code)
  })

  test('a wildcard accepts what it says', () => {
    const check = compile({ contentTypes: ['application/*+json', 'image/*'] })
    expect(check.contentType('application/merge-patch+json')).toBeUndefined()
    expect(check.contentType('image/png')).toBeUndefined()
    expect(check.contentType('application/json')?.code).toBe('content_type_unsupported')
  })

  test('a body without a content type is refused', () => {
    const outcome = compile({ body: {} }).body('{}', null)
    expect(outcome.ok ? '' : outcome.refusal.code).toBe('content_type_unsupported')
  })

  test('a form is checked like a query', () => {
    const type = 'application/x-www-form-urlencoded'
    const check = compile({
      body: { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] },
      contentTypes: [type],
    })
    const good = check.body('age=42', type)
    expect(good.ok && { ...(good.value as object) }).toEqual({ age: 42 })
    const twice = check.body('age=42&age=43', type)
    expect(twice.ok ? [] : pointersOf(twice.refusal)).toEqual(['#/body/age'])
    expect(check.body(Uint8Array.of(0x61, 0x3d, 0xff), type).ok).toBe(false)
  })
})

describe('schemas that cannot be used', () => {
  test.each<[Spec, readonly (string | number)[], string]>([
    [
      { body: { properties: { a: { pattern: '(?=a)' } } } },
      ['body', 'properties', 'a', 'pattern'],
      'lookahead',
    ],
    [
      { body: { patternProperties: { '(a)\\1': {} } } },
      ['body', 'patternProperties', '(a)\\1'],
      'backreference',
    ],
    [{ query: { $ref: 'https://example.org/schema' } }, ['query', '$ref'], 'not fetched'],
    [{ query: { $ref: 'missing' } }, ['query', '$ref'], 'missing'],
    [{ path: { properties: { a: { typ: 'string' } } } }, ['path', 'properties', 'a', 'typ'], 'typ'],
    [{ body: { items: { type: 'strin' } } }, ['body', 'items', 'type'], 'allowed values'],
    [{ body: { format: 'nope' } }, ['body', 'format'], 'nope'],
    [{ body: { vector3: { minimum: 1 } } }, ['body', 'vector3'], 'vector3'],
    [{ headers: { properties: { 'X-A': {} } } }, ['headers', 'properties', 'X-A'], 'lowercase'],
    [{ body: {}, contentTypes: ['image/png'] }, ['contentTypes', 0], 'image/png'],
  ])('%j: the problem is found at its place', (spec, path, words) => {
    const [problem] = problemsOf(spec)
    expect(problem?.path).toEqual(path)
    expect(problem?.message).toContain(words)
  })

  test('properties may have the names of keywords', () => {
    const properties = { pattern: { type: 'string' }, $ref: { type: 'string' }, enum: {} }
    expect(problemsOf({ body: { type: 'object', properties } })).toEqual([])
    expect(problemsOf({ body: { enum: [{ pattern: '(?=a)', $ref: 'http://x' }] } })).toEqual([])
  })

  test.each<[Readonly<Record<string, JsonSchema>>, readonly (readonly (string | number)[])[]]>([
    [{ a: { $ref: 'a' } }, [['a', '$ref']]],
    [
      { a: { $ref: 'b' }, b: { allOf: [{ type: 'object' }, { $ref: 'a' }] } },
      [
        ['a', '$ref'],
        ['b', 'allOf', 1, '$ref'],
      ],
    ],
    [
      { a: { anyOf: [{ type: 'string' }, { not: { $ref: '#' } }] } },
      [['a', 'anyOf', 1, 'not', '$ref']],
    ],
    [
      { a: { if: { $ref: 'b#/$defs/c' } }, b: { $defs: { c: { $ref: 'a' } } } },
      [
        ['a', 'if', '$ref'],
        ['b', '$defs', 'c', '$ref'],
      ],
    ],
    [{ a: { dependentSchemas: { x: { $ref: 'a' } } } }, [['a', 'dependentSchemas', 'x', '$ref']]],
    [{ a: { type: 'object', properties: { $ref: { type: 'string' }, x: { $ref: '#' } } } }, []],
    [{ a: { items: { anyOf: [{ $ref: 'a' }, { $ref: 'b' }] } }, b: { $ref: 'a' } }, []],
  ])('references that would never end are found: %j', (schemas, paths) => {
    const shield = createShield(schemas)
    expect(shield.ok ? [] : shield.problems.map((problem) => problem.path)).toEqual(
      paths.map((path) => [...path]),
    )
    if (!shield.ok) expect(shield.problems[0]?.message).toContain('leads back here')
  })

  test('named schemas are checked on their own', () => {
    const shield = createShield({ good: {}, bad: { pattern: '(?!x)' } })
    expect(shield.ok ? [] : shield.problems.map((problem) => problem.path)).toEqual([
      ['bad', 'pattern'],
    ])
  })
})
