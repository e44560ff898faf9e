import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { covers, intersect } from './permission.ts'
import { compilePermissions, narrowGrants } from './permission-set.ts'

const set = (...patterns: string[]) =>
  compilePermissions(patterns.map((pattern) => ({ role: 'r', pattern })))

describe('a permission set', () => {
  const cases: readonly [pattern: string, permission: string, granted: boolean][] = [
    ['scene:read', 'scene:read', true],
    ['scene:read', 'scene:write', false],
    ['scene:read', 'scenes:read', false],
    ['scene:*', 'scene:write', true],
    ['scene:*', 'scene.history:read', false],
    ['*:read', 'scene:read', true],
    ['*:read', 'scene:write', false],
    ['*:*', 'anything.at.all:whatever', true],
    ['memory.*:read', 'memory.shared:read', true],
    ['memory.*:read', 'memory.shared.old:read', true],
    ['memory.*:read', 'memory:read', false],
    ['memory.*:read', 'memoryshared:read', false],
    ['memory.*:*', 'memory.a:delete', true],
    ['*:*', 'tollgate.keys:read', false],
    ['*:read', 'tollgate.tenant.audit:read', false],
    ['*:*', 'tollgate:read', false],
    ['*:*', 'tollgates:read', true],
    ['tollgate.*:*', 'tollgate.tenant.keys:create', true],
    ['tollgate.tenant.*:*', 'tollgate.keys:create', false],
  ]
  for (const [pattern, permission, granted] of cases) {
    test(`${pattern} ${granted ? 'grants' : 'does not grant'} ${permission}`, () => {
      const compiled = set(pattern)
      expect(compiled.has(permission)).toBe(granted)
      expect(compiled.has(permission)).toBe(granted) // the remembered answer
      expect(covers(pattern, permission)).toBe(granted)
      expect(compiled.explain(permission)).toEqual(
        granted ? { role: 'r', permission: pattern } : undefined,
      )
    })
  }

  test('explains with the narrowest pattern and the role that says it', () => {
    const compiled = compilePermissions([
      { role: 'wide', pattern: '*:*' },
      { role: 'narrow', pattern: 'scene:*' },
    ])
    expect(compiled.explain('scene:read')).toEqual({ role: 'narrow', permission: 'scene:*' })
    expect(compiled.list()).toEqual(['*:*', 'scene:*'])
  })

  test('remembers a bounded number of answers and stays right beyond it', () => {
    const compiled = set('a.*:read')
    for (let i = 0; i < 5000; i++) {
      expect(compiled.has(`a.n${i}:read`)).toBe(true)
      expect(compiled.has(`b.n${i}:read`)).toBe(false)
    }
  })
})

const segment = fc.constantFrom('a', 'b', 'tollgate', 'tenant')
const resource = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
const action = fc.constantFrom('read', 'write')
const permission = fc.tuple(resource, action).map((parts) => parts.join(':'))
const pattern = fc
  .tuple(
    fc.oneof(
      resource,
      resource.map((name) => `${name}.*`),
      fc.constant('*'),
    ),
    fc.oneof(action, fc.constant('*')),
  )
  .map((parts) => parts.join(':'))

test('compiled sets agree with the definition of covering, for any patterns', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), permission, (patterns, asked) => {
      const expected = patterns.some((each) => covers(each, asked))
      expect(set(...patterns).has(asked)).toBe(expected)
    }),
  )
})

test('an intersection grants exactly what both patterns grant', () => {
  fc.assert(
    fc.property(pattern, pattern, permission, (a, b, asked) => {
      const both = intersect(a, b)
      const granted = both !== undefined && covers(both, asked)
      expect(granted).toBe(covers(a, asked) && covers(b, asked))
    }),
  )
})

test('a scope only ever takes away', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 4 }),
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      permission,
      (patterns, scope, asked) => {
        const grants = patterns.map((each) => ({ role: 'r', pattern: each }))
        const narrowed = compilePermissions(narrowGrants(grants, scope))
        expect(narrowed.has(asked)).toBe(set(...patterns).has(asked) && set(...scope).has(asked))
      },
    ),
  )
})
