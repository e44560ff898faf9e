import { describe, expect, test } from 'bun:test'
import { compile, RSet } from '../index.ts'
import type { Value } from '../index.ts'

function policyOf(body: string, backend: 'source' | 'closures', data: Value = {}) {
  return compile({ modules: { 'p.rego': `package p\n\n${body}\n` }, data, backend })
}

describe.each(['source', 'closures'] as const)(
  'what a loop reads at its beginning (%s)',
  (backend) => {
    test('is what the input says, or no pass succeeds', () => {
      const ask = policyOf(
        'p contains [x, i] if { some i, x in [1, 2, 3]; y := input.y; x >= y }',
        backend,
      ).prepare('data.p.p')
      expect(ask({ y: 2 })).toEqual(
        RSet.from([
          [2, 1],
          [3, 2],
        ]),
      )
      expect(ask({})).toEqual(new RSet())
      expect(ask()).toEqual(new RSet())
      expect(ask({ y: 4 })).toEqual(new RSet())
    })

    test('is what a `with` around the loop says, and not what one inside it says', () => {
      const policy = policyOf(
        `found := [x | some x in [1, 2]; y := input.y; x == y]
first contains x if { some x in [1, 2]; y := input.y; x == y }
nested contains [x, z] if { some x in [1, 2]; y := input.y; some z in first with input.y as x }
inside := [[x, y, z] | some x in [1, 2]; y := input.y; z := found with input.y as x]
around := x if x := found with input.y as 2
data_around := x if x := listed with data.y as 2
listed := [x | some x in [1, 2]; y := data.y; x == y]`,
        backend,
        { y: 1 },
      )
      const input = { y: 1 }
      expect(policy.evaluate('data.p.found', input)).toEqual([1])
      expect(policy.evaluate('data.p.inside', input)).toEqual([
        [1, 1, [1]],
        [2, 1, [2]],
      ])
      expect(policy.evaluate('data.p.first', input)).toEqual(RSet.from([1]))
      expect(policy.evaluate('data.p.nested', input)).toEqual(
        RSet.from([
          [1, 1],
          [2, 2],
        ]),
      )
      expect(policy.evaluate('data.p.around', input)).toEqual([2])
      expect(policy.evaluate('data.p.data_around', input)).toEqual([2])
      expect(policy.evaluate('data.p.listed', input)).toEqual([1])
    })

    test('hides no error that comes before it', () => {
      const policy = policyOf(
        'p if { some x in ["1", "a"]; n := to_number(x); n == input.n }',
        backend,
      )
      const strict = { strictBuiltinErrors: true }
      expect(policy.evaluate('data.p.p', { n: 1 })).toBe(true)
      expect(() => policy.evaluate('data.p.p', {}, strict)).toThrow('to_number')
    })

    test('is read for what is inside of loops inside of loops', () => {
      const policy = policyOf(
        'p := [[x, y] | some x in input.a; some y in x.b; z := input.z; y < z]',
        backend,
      )
      const a = [{ b: [1, 5] }, {}, { b: [2] }]
      expect(policy.evaluate('data.p.p', { a, z: 3 })).toEqual([
        [{ b: [1, 5] }, 1],
        [{ b: [2] }, 2],
      ])
      expect(policy.evaluate('data.p.p', { a })).toEqual([])
    })

    test('is compared with every network, of whatever form', () => {
      const ask = policyOf(
        `p := [n | some n in ["10.0.0.0/8", "0.0.0.0/0", "fe80::/10", "bad", "255.255.255.255/32", "10.1.0.0/16"]
	net.cidr_contains(n, input.a)]
q if net.cidr_contains("128.0.0.0/1", input.a)
r if net.cidr_contains("fe80::/10", input.a)
s := [n | some n in data.networks; net.cidr_contains(n, input.a)]`,
        backend,
        { networks: ['10.1.2.0/23', '10.1.2.0/24'] },
      )
      const all = (a: Value) =>
        ['p', 'q', 'r', 's'].map((rule) => ask.evaluate(`data.p.${rule}`, { a }))
      for (let round = 0; round < 2; round++) {
        expect(all('10.1.3.3')).toEqual([
          ['10.0.0.0/8', '0.0.0.0/0', '10.1.0.0/16'],
          undefined,
          undefined,
          ['10.1.2.0/23'],
        ])
        expect(all('255.255.255.255')).toEqual([
          ['0.0.0.0/0', '255.255.255.255/32'],
          true,
          undefined,
          [],
        ])
        expect(all('fe80::1')).toEqual([['fe80::/10'], undefined, true, []])
        expect(all('10.1.2.0/25')).toEqual([
          ['10.0.0.0/8', '0.0.0.0/0', '10.1.0.0/16'],
          undefined,
          undefined,
          ['10.1.2.0/23', '10.1.2.0/24'],
        ])
        expect(all(7)).toEqual([[], undefined, undefined, []])
      }
    })
  },
)
