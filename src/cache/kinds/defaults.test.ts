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
  return { clock, cache }
}

type Name = keyof ReturnType<typeof setUp>['cache']['kinds']

const keyOf = ({ cache }: ReturnType<typeof setUp>, name: Name) =>
  cache.kinds[name].scope('acme', { kind: 'caller', id: 'key_1' }).key('one')

test.each([
  ['authentication', 30_000],
  ['permission', 600_000],
  ['allowList', 600_000],
  ['validation', 600_000],
  ['metadata', 3_600_000],
  ['list', 300_000],
] as const)('%s is known for %i ms, and not a moment longer', (name, ttlMs) => {
  const all = setUp()
  const key = keyOf(all, name)
  const kind = all.cache.kinds[name]
  expect(kind.put(key, { value: 'v' }, all.cache.position())).toBe(true)
  all.clock.advance(ttlMs - 1)
  expect(kind.peek(key)).toBe('v')
  all.clock.advance(1)
  expect(kind.peek(key)).toBeUndefined()
})

test('permissions alone end with the revision of the policy they were decided by', async () => {
  for (const policy of ['acme', '']) {
    const all = setUp()
    const { kinds } = all.cache
    const names = Object.keys(kinds) as Name[]
    for (const name of names) {
      kinds[name].put(keyOf(all, name), { value: 'v' }, all.cache.position())
    }
    await all.cache.invalidate({ kind: 'policy', name: 'umbrella' })
    expect(kinds.permission.peek(keyOf(all, 'permission'))).toBe('v')
    await all.cache.invalidate({ kind: 'policy', name: policy })
    const known = names.filter((name) => kinds[name].peek(keyOf(all, name)) !== undefined)
    expect(known).toEqual(names.filter((name) => name !== 'permission'))
  }
})
