import { expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createCache } from '../cache.ts'
import {
  allowListKind,
  authenticationKind,
  listKind,
  metadataKind,
  permissionKind,
  validationKind,
} from './defaults.ts'

const shape = { sizeOf: (value: string) => value.length }

function setUp() {
  const clock = createManualClock()
  const cache = createCache({
    clock,
    random: createSeededRandom(1),
    sweepIntervalMs: 0,
    kinds: {
      authentication: authenticationKind(shape),
      permission: permissionKind(shape),
      allowList: allowListKind(shape),
      validation: validationKind(shape),
      metadata: metadataKind(shape),
      list: listKind(shape),
    },
  })
  const kinds = Object.values(cache.kinds).map((kind, at) => {
    const key = kind.scope('acme', { kind: 'caller', id: 'key_1' }).key('one')
    return { name: Object.keys(cache.kinds)[at] ?? '', kind, key }
  })
  const put = (): boolean =>
    kinds.every(({ kind, key }) => kind.put(key, { value: 'v' }, cache.position()))
  /** Names of the kinds whose entry is known. */
  const known = (): readonly string[] =>
    kinds.flatMap(({ name, kind, key }) => (kind.peek(key) === 'v' ? [name] : []))
  return { clock, cache, put, known }
}

test.each([
  ['authentication', 30_000],
  ['permission', 600_000],
  ['allowList', 600_000],
  ['validation', 600_000],
  ['metadata', 3_600_000],
  ['list', 300_000],
] as const)('%s is known for %i ms, and not a moment longer', (name, ttlMs) => {
  const { clock, put, known } = setUp()
  expect(put()).toBe(true)
  clock.advance(ttlMs - 1)
  expect(known()).toContain(name)
  clock.advance(1)
  expect(known()).not.toContain(name)
})

test.each(['acme', ''])(
  'permissions alone end with the revision of the policy of %p',
  async (tenant) => {
    const { cache, put, known } = setUp()
    put()
    const all = known()
    await cache.invalidate({ kind: 'policy', name: 'umbrella' })
    expect(known()).toEqual(all)
    await cache.invalidate({ kind: 'policy', name: tenant })
    expect(known()).toEqual(all.filter((name) => name !== 'permission'))
  },
)
