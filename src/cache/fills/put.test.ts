import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createCache } from '../cache.ts'
import type { Name, Position } from '../contract.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { decisionKind } from '../kinds/kind.ts'

/** Storing right after a miss takes short cuts; whatever happens in between, they must not show. */

const TTL_MS = 1000
const POOL_BYTES = 2 ** 16
const CALLERS = ['open', 'key_1', 'key_2'] as const
const PARTS = ['read', 'write', 'list'] as const
const TAGS = ['red', 'green'] as const

interface KeyChoice {
  readonly caller: (typeof CALLERS)[number]
  readonly part: (typeof PARTS)[number]
  /** Whether it is made anew in place of being kept. */
  readonly isCopy: boolean
}

type Step =
  | { readonly do: 'peek'; readonly key: KeyChoice }
  | {
      readonly do: 'put'
      readonly key: KeyChoice
      /** How many steps ago the value was read. */
      readonly readAgo: number
      readonly isHuge: boolean
      readonly ttlMs: number | undefined
      readonly tags: readonly string[] | undefined
      readonly isNegative: boolean | undefined
      readonly isCacheable: boolean | undefined
    }
  | {
      readonly do: 'invalidate'
      readonly what: 'key' | 'tag' | 'tenant' | 'policy' | 'all' | 'other'
      readonly key: KeyChoice
      readonly tag: string
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'sweep' | 'distrust' | 'trust' }

const key: fc.Arbitrary<KeyChoice> = fc.record({
  caller: fc.constantFrom(...CALLERS),
  part: fc.constantFrom(...PARTS),
  isCopy: fc.boolean(),
})
/** Mostly absent, as in plain calls. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('peek' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      key,
      readAgo: fc.nat(3),
      isHuge: fc.nat(9).map((number) => number === 0),
      ttlMs: rarely(fc.integer({ min: -10, max: 2 * TTL_MS })),
      tags: rarely(fc.subarray([...TAGS])),
      isNegative: rarely(fc.boolean()),
      isCacheable: rarely(fc.boolean()),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('invalidate' as const),
      what: fc.constantFrom('key', 'tag', 'tenant', 'policy', 'all', 'other'),
      key,
      tag: fc.constantFrom(...TAGS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(600) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sweep', 'distrust', 'trust') }) },
)

/** A cache of decisions whose sizes are asked of `sizeOf`. */
function createDecisions(entriesMax: number, sizeOf: (value: string) => number) {
  const clock = createManualClock()
  const limits = { entriesMax, bytesMax: POOL_BYTES }
  const cache = createCache({
    clock,
    random: createSeededRandom(1),
    sweepIntervalMs: 0,
    pools: {
      decisions: { ...limits, tenantShareMax: 0.5 },
      strangers: { ...limits, tenantShareMax: 1 },
    },
    kinds: {
      permission: decisionKind<string>({
        name: 'permission',
        ttlMs: TTL_MS,
        isPolicyBound: true,
        sizeOf,
      }),
    },
  })
  return { clock, cache, permission: cache.kinds.permission }
}

/** The simplest cache that keeps the promises: texts of keys, and what was invalidated when. */
class Model {
  readonly known = new Map<string, { value: string; untilMs: number; tags: readonly string[] }>()
  isTrusted = true
  private readonly history: {
    position: Position
    names: (text: string, tags: readonly string[]) => boolean
  }[] = []

  invalidate(position: Position, names: (text: string, tags: readonly string[]) => boolean): void {
    this.history.push({ position, names })
    for (const [text, { tags }] of this.known) if (names(text, tags)) this.known.delete(text)
  }

  wasOvertaken(text: string, tags: readonly string[], since: Position): boolean {
    return this.history.some(({ position, names }) => position > since && names(text, tags))
  }
}

function run(steps: readonly Step[], entriesMax: number, isRoomy: boolean): void {
  const { clock, cache, permission } = createDecisions(entriesMax, (value) => value.length)
  const scopes = {
    open: permission.scope('acme', { kind: 'anonymous' }),
    key_1: permission.scope('acme', { kind: 'caller', id: 'key_1' }),
    key_2: permission.scope('umbrella', { kind: 'caller', id: 'key_2' }),
  }
  const kept = new Map<string, CacheKey>()
  const keyOf = ({ caller, part, isCopy }: KeyChoice): CacheKey => {
    const made = scopes[caller].key(part)
    if (isCopy) return made
    const before = kept.get(made.text) ?? made
    kept.set(made.text, before)
    return before
  }
  const model = new Model()
  const positions: Position[] = []
  const check = (choice: KeyChoice): void => {
    const found = permission.peek(keyOf(choice))
    const held = model.known.get(keyOf(choice).text)
    const holds = model.isTrusted && held !== undefined && clock.monotonicMs() < held.untilMs
    const expected = holds ? held.value : undefined
    if (isRoomy || found !== undefined) expect(found).toBe(expected)
  }
  steps.forEach((each, at) => {
    positions.push(cache.position())
    if (each.do === 'peek') check(each.key)
    else if (each.do === 'put') {
      const { isHuge, ttlMs, tags, isNegative, isCacheable } = each
      const value = isHuge ? 'x'.repeat(POOL_BYTES) : `value ${at}`
      const one = keyOf(each.key)
      const since = positions[Math.max(0, at - each.readAgo)]!
      const loaded = {
        value,
        ...(ttlMs !== undefined && { ttlMs }),
        ...(tags !== undefined && { tags }),
        ...(isNegative !== undefined && { isNegative }),
        ...(isCacheable !== undefined && { isCacheable }),
      }
      const lifetimeMs = Math.min(TTL_MS, ttlMs ?? TTL_MS)
      const isFit = model.isTrusted && isCacheable !== false && lifetimeMs > 0 && !isHuge
      const isOvertaken = model.wasOvertaken(one.text, tags ?? [], since)
      expect(permission.put(one, loaded, since)).toBe(isFit && !isOvertaken)
      if (isOvertaken) return
      const untilMs = clock.monotonicMs() + lifetimeMs
      if (isFit) model.known.set(one.text, { value, untilMs, tags: tags ?? [] })
      else model.known.delete(one.text)
    } else if (each.do === 'invalidate') {
      const { text, owner } = keyOf(each.key)
      const { tag } = each
      const names: Readonly<
        Record<
          typeof each.what,
          readonly [Name, (text: string, tags: readonly string[]) => boolean]
        >
      > = {
        key: [{ kind: 'key', name: text }, (other) => other === text],
        tag: [{ kind: 'tag', name: tag }, (_, tags) => tags.includes(tag)],
        tenant: [
          { kind: 'tenant', name: owner.tenant },
          (other) => cache.keys.parse(other)?.owner.tenant === owner.tenant,
        ],
        policy: [{ kind: 'policy', name: '' }, () => true],
        all: [{ kind: 'all', name: '' }, () => true],
        other: [{ kind: 'tag', name: 'of nothing here' }, () => false],
      }
      const [name, isNamed] = names[each.what]
      void cache.invalidate(name)
      model.invalidate(cache.position(), isNamed)
    } else if (each.do === 'wait') clock.advance(each.ms)
    else if (each.do === 'sweep') cache.sweep()
    else if (each.do === 'trust') {
      cache.trust()
      model.isTrusted = true
    } else {
      cache.distrust('silence')
      model.isTrusted = false
    }
    const { decisions, strangers } = cache.stats().pools
    expect(decisions.entries).toBeLessThanOrEqual(entriesMax)
    expect(strangers.entries).toBeLessThanOrEqual(entriesMax)
  })
  for (const caller of CALLERS) {
    for (const part of PARTS) check({ caller, part, isCopy: true })
  }
  // Nothing is there twice, nor left behind where nobody finds it.
  for (const caller of CALLERS) {
    for (const part of PARTS)
      void cache.invalidate({ kind: 'key', name: scopes[caller].key(part).text })
  }
  const { decisions, strangers } = cache.stats().pools
  expect([decisions.entries, strangers.entries, decisions.bytes, strangers.bytes]).toEqual([
    0, 0, 0, 0,
  ])
}

const steps = fc.array(step, { maxLength: 120 })

describe('what is put', () => {
  test('is what is known from then on, until it ends, is invalidated or something newer is put', () => {
    fc.assert(
      fc.property(steps, (each) => run(each, 100, true)),
      { numRuns: 300 },
    )
  })

  test('is that or nothing where there is no room for all of it', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (each, entriesMax) =>
        run(each, entriesMax, false),
      ),
      { numRuns: 300 },
    )
  })

  test('is charged to its own tenant though its size is asked of code that puts something else', () => {
    let inner: () => void = () => undefined
    const { cache, permission } = createDecisions(10, (value) => {
      if (value === 'outer') inner()
      return 8
    })
    const outer = permission.scope('acme', { kind: 'caller', id: 'key_1' }).key('read')
    const other = permission.scope('umbrella', { kind: 'caller', id: 'key_2' }).key('read')
    inner = () => permission.put(other, { value: 'inner' }, cache.position())
    permission.peek(outer)
    expect(permission.put(outer, { value: 'outer' }, cache.position())).toBe(true)
    const shares = ['acme', 'umbrella'].map((tenant) =>
      cache.memory.tenantBytes('decisions', tenant),
    )
    expect(shares[0]).toBeGreaterThan(0)
    expect(shares[0]).toBe(shares[1])
    void cache.invalidate({ kind: 'tenant', name: 'umbrella' })
    expect([permission.peek(outer), permission.peek(other)]).toEqual(['outer', undefined])
  })
})
