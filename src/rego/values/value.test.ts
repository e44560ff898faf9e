import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  compare,
  equals,
  fromBigInt,
  hash,
  lookup,
  makeObject,
  RObj,
  RSet,
  toTermText,
  typeName,
} from './index.ts'
import type { Value } from './index.ts'

const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Value>(
      null,
      true,
      false,
      0,
      1,
      1.5,
      -1,
      '',
      '1',
      'é',
      '__proto__',
      'constructor',
    ),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map((number) => fromBigInt(number)),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => RSet.from(items)),
    fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map((entries) => makeObject(entries)),
  ),
}))

describe('order of values', () => {
  test('is null, booleans, numbers, strings, arrays, objects, sets', () => {
    const ordered: Value[] = [
      null,
      false,
      true,
      -1,
      0,
      1.5,
      fromBigInt(2n ** 70n),
      '',
      'a',
      [],
      [1],
      {},
      { a: 1 },
      RSet.from([]),
    ]
    expect(ordered.toReversed().toSorted(compare)).toEqual(ordered)
  })

  test('is total: antisymmetric, transitive, and zero exactly for equal values', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0)
        expect(compare(a, a)).toBe(0)
        expect(compare(a, b) === 0).toBe(equals(a, b))
        const [x, y, z] = [a, b, c].toSorted(compare) as [Value, Value, Value]
        expect(compare(x, z)).toBeLessThanOrEqual(0)
        expect(compare(x, y)).toBeLessThanOrEqual(0)
      }),
    )
  })

  test('equal values have one hash', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        if (equals(a, b)) expect(hash(a)).toBe(hash(b))
        expect(hash(RSet.from([a, b]))).toBe(hash(RSet.from([b, a])))
      }),
    )
  })

  test('strings are ordered by code point, not by UTF-16 unit', () => {
    expect(compare('\u{1F600}', '\uFFFD')).toBeGreaterThan(0)
    expect(compare('a\u{10000}', 'a\uE000')).toBeGreaterThan(0)
  })
})

describe('sets', () => {
  test('hold each value once, whatever its shape', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (items) => {
        const set = RSet.from([...items, ...items])
        expect(items.every((item) => set.has(item))).toBe(true)
        expect(set.values()).toEqual([...set.values()].toSorted(compare))
        expect(set.size).toBe(
          items.filter((item, index) => items.findIndex((other) => equals(item, other)) === index)
            .length,
        )
      }),
    )
  })

  test('tell a number from the string that looks like it', () => {
    const set = RSet.from([1, '1', true, 'true', null, 'null', [1], ['1']])
    expect(set.size).toBe(8)
    expect(set.has('2')).toBe(false)
  })

  test('see -0 and 0 as one number', () => {
    expect(RSet.from([0, -0]).size).toBe(1)
    expect(RSet.from([-0]).has(0)).toBe(true)
    expect(toTermText(RSet.from([-0]))).toBe('{0}')
  })

  test('can be iterated anew after a member was added', () => {
    const set = RSet.from([3, 1])
    expect([...set]).toEqual([1, 3])
    expect([...set.add(2)]).toEqual([1, 2, 3])
  })
})

describe('objects', () => {
  test('with string keys alone are plain', () => {
    expect(makeObject([['a', 1]])).toEqual({ a: 1 })
    expect(makeObject([[1, 'a']])).toBeInstanceOf(RObj)
  })

  test('keep keys apart that only look the same', () => {
    const object = makeObject([
      [1, 'number'],
      ['1', 'string'],
      [[1], 'array'],
      [RSet.from([1]), 'set'],
    ])
    expect(lookup(object, 1)).toBe('number')
    expect(lookup(object, '1')).toBe('string')
    expect(lookup(object, [1])).toBe('array')
    expect(lookup(object, RSet.from([1]))).toBe('set')
    expect(lookup(object, [2])).toBeUndefined()
  })

  test('have no keys but their own', () => {
    expect(lookup({}, 'constructor')).toBeUndefined()
    expect(lookup({}, '__proto__')).toBeUndefined()
    const object = makeObject([['__proto__', { polluted: true }]])
    expect(lookup(object, '__proto__')).toEqual({ polluted: true })
    expect(lookup(object, 'polluted')).toBeUndefined()
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('equal each other whatever the order of insertion', () => {
    expect(
      equals(
        { a: 1, b: [2] },
        makeObject([
          ['b', [2]],
          ['a', 1],
        ]),
      ),
    ).toBe(true)
    expect(equals({ a: 1 }, { b: 1 })).toBe(false)
    expect(equals({ constructor: 1 }, { a: 1 })).toBe(false)
  })
})

test('arrays answer to whole indices within them only', () => {
  expect(lookup(['a'], 0)).toBe('a')
  for (const key of [1, -1, 0.5, '0', 'length', null]) expect(lookup(['a'], key)).toBeUndefined()
})

test('each type has its name', () => {
  const all: Value[] = [
    null,
    true,
    1,
    fromBigInt(2n ** 70n),
    's',
    [],
    {},
    makeObject([[1, 1]]),
    RSet.from([]),
  ]
  expect(all.map(typeName)).toEqual([
    'null',
    'boolean',
    'number',
    'number',
    'string',
    'array',
    'object',
    'object',
    'set',
  ])
})
