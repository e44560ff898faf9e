import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSeededRandom } from '../../core/random.ts'
import { createKeys } from './keys.ts'
import type { KeyScopeSpec } from './keys.ts'
import type { KeyAudience, KeyPart } from './parts.ts'
import { patternName, prefixesOf } from './prefixes.ts'

const keys = createKeys(createSeededRandom(1))
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', 'a', 's1:a', '1', 'a0:', 'p0:', '='),
)
const audience: fc.Arbitrary<KeyAudience> = fc.oneof(
  fc.record({ kind: fc.constant('caller' as const), id: text }),
  fc.constantFrom<KeyAudience>({ kind: 'anonymous' }, { kind: 'shared' }),
)
const spec: fc.Arbitrary<KeyScopeSpec> = fc.record({ kind: text, tenant: text, audience })
const part: fc.Arbitrary<KeyPart> = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.boolean(),
  fc.constant(null),
)
const parts = fc.array(part, { maxLength: 4 })

describe('keys', () => {
  test('are alike only for the same kind, tenant, audience and parts', () => {
    fc.assert(
      fc.property(spec, parts, spec, parts, (specA, partsA, specB, partsB) => {
        const [a, b] = [keys.scope(specA).key(...partsA), keys.scope(specB).key(...partsB)]
        const isSame = JSON.stringify([specA, partsA]) === JSON.stringify([specB, partsB])
        expect(a.text === b.text).toBe(isSame)
        if (isSame) expect(a.hash).toBe(b.hash)
      }),
      { numRuns: 2000 },
    )
  })

  test('differ by the type of a part, by the audience, and by where one part ends', () => {
    const spec = { kind: 'k', tenant: 't', audience: { kind: 'shared' } } as const
    const scope = keys.scope(spec)
    const texts = [
      scope.key(1),
      scope.key('1'),
      scope.key(true),
      scope.key('true'),
      scope.key(null),
      scope.key('null'),
      scope.key('ab', 'c'),
      scope.key('a', 'bc'),
      scope.key('abc'),
      scope.key('a', 'b', 'c'),
      scope.key(),
      scope.named('abc'),
      scope.named('s3:abc'),
      keys.scope({ ...spec, audience: { kind: 'anonymous' } }).key('abc'),
      keys.scope({ ...spec, audience: { kind: 'caller', id: '' } }).key('abc'),
      keys.scope({ ...spec, audience: { kind: 'caller', id: 'abc' } }).key('abc'),
    ].map((key) => key.text)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('are not made of what is missing, nor for an audience that is none', () => {
    const audience = { kind: 'shared' } as const
    const scope = keys.scope({ kind: 'k', tenant: 't', audience })
    const missing = [undefined, {}, 1n, Symbol('id')] as unknown as readonly string[]
    for (const part of missing) {
      expect(() => scope.key('user', part)).toThrow(TypeError)
      expect(() => keys.scope({ kind: 'k', tenant: part, audience })).toThrow(TypeError)
      expect(() => patternName({ kind: 'k', tenant: 't', audience, parts: [part] })).toThrow(
        TypeError,
      )
    }
    for (const wrong of [
      { kind: 'user', id: 'a' },
      { kind: 'caller' },
      { kind: 'caller', id: 7 },
      {},
    ]) {
      const spec = { kind: 'k', tenant: 't', audience: wrong as unknown as KeyAudience }
      expect(() => keys.scope(spec)).toThrow(TypeError)
    }
  })

  test('that are long stay short, and apart', () => {
    const scope = keys.scope({ kind: 'k', tenant: 't', audience: { kind: 'shared' } })
    const [a, b] = ['a', 'b'].map((end) => scope.key('x'.repeat(100_000) + end))
    expect(a?.text.length).toBeLessThan(100)
    expect(a?.text).not.toBe(b?.text)
  })

  test('are read back from their text, owner and hash included', () => {
    fc.assert(
      fc.property(spec, parts, fc.boolean(), (spec, parts, isNamed) => {
        const scope = keys.scope(spec)
        const key = isNamed ? scope.named(String(parts[0])) : scope.key(...parts)
        expect(keys.parse(key.text)).toEqual(key)
      }),
    )
  })

  test('are not read from text that is none', () => {
    for (const text of ['', 'abc', 's1:a', 's1:as1:b', 's9:abc', 's1:as1:bc99:x', 'n1:1s1:ap0:']) {
      expect(keys.parse(text)).toBeUndefined()
    }
  })

  test('have hashes that differ from one process to the next', () => {
    const spec = { kind: 'k', tenant: 't', audience: { kind: 'shared' } } as const
    const other = createKeys(createSeededRandom(2))
    expect(other.scope(spec).key('a').hash).not.toBe(keys.scope(spec).key('a').hash)
  })
})

describe('patterns', () => {
  test('name exactly the keys that begin with them', () => {
    fc.assert(
      fc.property(spec, parts, spec, parts, fc.nat(4), (specA, partsA, specB, partsB, shown) => {
        const key = keys.scope(specA).key(...partsA)
        const beginning = partsB.slice(0, shown)
        const { name } = patternName({ ...specB, parts: beginning })
        const isUnder =
          JSON.stringify([specA, partsA.slice(0, beginning.length)]) ===
          JSON.stringify([specB, beginning])
        expect(prefixesOf(key, 4).includes(name)).toBe(isUnder)
      }),
      { numRuns: 2000 },
    )
  })

  test('reach from the kind to the parts', () => {
    const audience = { kind: 'caller', id: 'key_1' } as const
    const key = keys.scope({ kind: 'list', tenant: 'acme', audience }).key('order', 7)
    const patterns = [
      { kind: 'list' },
      { kind: 'list', tenant: 'acme' },
      { kind: 'list', tenant: 'acme', audience },
      { kind: 'list', tenant: 'acme', audience, parts: ['order'] },
    ] as const
    expect(prefixesOf(key, 1)).toEqual(patterns.map((pattern) => patternName(pattern).name))
  })

  test('with a hole are refused', () => {
    expect(() => patternName({ kind: 'k', audience: { kind: 'shared' } })).toThrow(TypeError)
    expect(() => patternName({ kind: 'k', tenant: 't', parts: [1] })).toThrow(TypeError)
  })
})
