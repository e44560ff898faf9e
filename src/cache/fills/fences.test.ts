import { describe, expect, test } from 'bun:test'
import { createSeededRandom } from '../../core/random.ts'
import type { Name } from '../contract.ts'
import { patternName } from '../keys/prefixes.ts'
import { CacheContendedError } from './errors.ts'
import type { LoadContext } from './load.ts'
import { answers, createGate, createRig, failureOf, settle } from './rig.fixture.ts'

/** Everything that a permission of key_1 in acme hangs on. */
function namesOf({ key, caller }: ReturnType<typeof createRig>): Readonly<Record<string, Name>> {
  return {
    'its key': { kind: 'key', name: key.text },
    'a tag known before the load': { kind: 'tag', name: 'user 7' },
    'a tag known after the load': { kind: 'tag', name: 'role editor' },
    'its tenant': { kind: 'tenant', name: 'acme' },
    'its kind': patternName({ kind: 'permission' }),
    'its kind in the tenant': patternName({ kind: 'permission', tenant: 'acme' }),
    'its caller': patternName({ kind: 'permission', tenant: 'acme', audience: caller }),
    'a pattern in its parts': patternName({
      kind: 'permission',
      tenant: 'acme',
      audience: caller,
      parts: ['order'],
    }),
    'the policy': { kind: 'policy', name: '' },
    "its tenant's policy": { kind: 'policy', name: 'acme' },
    everything: { kind: 'all', name: '' },
  }
}

const CASES = Object.keys(namesOf(createRig()))
const foreign: readonly Name[] = [
  { kind: 'key', name: 'another' },
  { kind: 'tag', name: 'user 8' },
  { kind: 'tenant', name: 'umbrella' },
  { kind: 'policy', name: 'umbrella' },
  patternName({ kind: 'page' }),
]

/** A load that reads the truth when it begins and answers when it is let. */
function createSlowLoad() {
  const truth = { value: 'allow' }
  const gates: ReturnType<typeof createGate>[] = []
  const load = async ({
    dependsOn,
  }: {
    dependsOn: (name: Name) => void
  }): Promise<{ value: string; tags: string[] }> => {
    dependsOn({ kind: 'tag', name: 'user 7' })
    const { value } = truth
    const gate = createGate()
    gates.push(gate)
    await gate.opened
    return { value, tags: ['role editor'] }
  }
  return { truth, gates, load }
}

describe('an invalidation during a load', () => {
  test.each(CASES)('of %s: the old answer is neither kept nor handed to anyone', async (which) => {
    const rig = createRig()
    const { cache, permission, key } = rig
    const { truth, gates, load } = createSlowLoad()
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    truth.value = 'deny'
    await cache.invalidate(namesOf(rig)[which]!)
    asked.push(permission.getOrLoad(key, load))
    gates[0]!.open()
    await settle()
    expect(permission.peek(key)).toBeUndefined()
    expect(gates.length).toBe(2)
    gates[1]!.open()
    expect(await answers(asked)).toEqual(['deny', 'deny', 'deny'])
    expect(permission.peek(key)).toBe('deny')
    expect(cache.stats().fills.overtaken).toBe(1)
  })

  test.each(CASES)('of %s from another instance counts as much', async (which) => {
    const rig = createRig()
    const { cache, permission, key } = rig
    const { truth, gates, load } = createSlowLoad()
    const asked = permission.getOrLoad(key, load)
    await settle()
    truth.value = 'deny'
    cache.apply({ ...namesOf(rig)[which]!, sequence: '1-0' })
    gates[0]!.open()
    await settle()
    gates[1]!.open()
    expect(await asked).toBe('deny')
  })

  test('of something else costs nothing', async () => {
    const { cache, permission, key } = createRig()
    const { gates, load } = createSlowLoad()
    const asked = permission.getOrLoad(key, load)
    await settle()
    await cache.invalidate(...foreign)
    gates[0]!.open()
    expect(await asked).toBe('allow')
    expect(permission.peek(key)).toBe('allow')
  })

  test('that comes again and again ends in an error, not in an old answer', async () => {
    const { cache, permission, key } = createRig()
    const asked = permission.getOrLoad(key, async () => {
      await cache.invalidate({ kind: 'tenant', name: 'acme' })
      return { value: 'allow' }
    })
    expect(await failureOf(asked)).toBeInstanceOf(CacheContendedError)
    expect(permission.peek(key)).toBeUndefined()
  })

  test('under a name that is none is refused, not taken for done', async () => {
    const { cache, permission, key } = createRig()
    await permission.getOrLoad(key, async () => ({ value: 'allow', tags: ['user 7'] }))
    for (const bad of [{ kind: 'tags', name: 'user 7' }, { kind: 'tag' }, { name: 'user 7' }]) {
      const names = [{ kind: 'tag', name: 'other' }, bad] as unknown as readonly Name[]
      expect(await failureOf(cache.invalidate(...names))).toBeInstanceOf(TypeError)
      const load = async ({ dependsOn }: LoadContext<string>) => {
        dependsOn(...names)
        return { value: 'allow' }
      }
      const other = permission.scope('acme', { kind: 'anonymous' }).key('order')
      expect(await failureOf(permission.getOrLoad(other, load))).toBeInstanceOf(TypeError)
    }
    expect(cache.position()).toBe(0)
  })

  test('of what is named after the load has ended is not promised', async () => {
    const { permission, key } = createRig()
    let late: LoadContext<string>['dependsOn'] = () => undefined
    await permission.getOrLoad(key, ({ dependsOn }) => {
      late = dependsOn
      return { value: 'allow' }
    })
    expect(() => late({ kind: 'tag', name: 'user 7' })).toThrow('had ended')
  })

  test('before a position that this cache has not reached is not known to be none', () => {
    const { cache, permission, key } = createRig()
    for (const since of [cache.position() + 1, NaN, undefined as unknown as number]) {
      expect(() => permission.put(key, { value: 'allow' }, since)).toThrow(RangeError)
    }
    expect(permission.peek(key)).toBeUndefined()
  })

  test('keeps out what was read elsewhere before it', async () => {
    const { cache, permission, key } = createRig()
    const since = cache.position()
    await cache.invalidate({ kind: 'tag', name: 'role editor' })
    expect(permission.put(key, { value: 'allow', tags: ['role editor'] }, since)).toBe(false)
    expect(permission.put(key, { value: 'allow', tags: ['role editor'] }, cache.position())).toBe(
      true,
    )
    expect(permission.peek(key)).toBe('allow')
  })
})

describe('an invalidation of what is kept', () => {
  test.each(CASES)('of %s holds when the call returns', async (which) => {
    const rig = createRig()
    const { cache, permission, key } = rig
    const load = async () => ({ value: 'allow', tags: ['user 7', 'role editor'] })
    expect(await permission.getOrLoad(key, load)).toBe('allow')
    expect(permission.peek(key)).toBe('allow')
    await cache.invalidate(...foreign)
    expect(permission.peek(key)).toBe('allow')
    const reached = cache.invalidate(namesOf(rig)[which]!)
    expect(permission.peek(key)).toBeUndefined()
    await reached
  })
})

describe('ten thousand revocations during loads', () => {
  test.each(['key', 'tag'] as const)('by %s: not one ALLOW after its revocation', async (by) => {
    const { cache, permission, caller } = createRig()
    const random = createSeededRandom(11)
    const scope = permission.scope('acme', caller)
    let stale = 0
    let overtaken = 0
    for (let round = 0; round < 10_000; round++) {
      const key = scope.key(round % 50)
      const tag = `user ${round % 50}`
      let truth = 'allow'
      const load = async () => {
        const value = truth
        for (let turns = random.fraction() * 8; turns > 0; turns--) await Promise.resolve()
        return { value, tags: [tag] }
      }
      const first = permission.getOrLoad(key, load)
      for (let turns = random.fraction() * 10; turns > 0; turns--) await Promise.resolve()
      truth = 'deny'
      void cache.invalidate(
        by === 'key' ? { kind: 'key', name: key.text } : { kind: 'tag', name: tag },
      )
      const after = permission.getOrLoad(key, load)
      if ((await after) !== 'deny' || permission.peek(key) !== 'deny') stale++
      if ((await first) === 'deny') overtaken++
      await cache.invalidate({ kind: 'key', name: key.text })
    }
    expect(stale).toBe(0)
    expect(overtaken).toBeGreaterThan(1000)
  })
})

describe('while invalidations of other instances may be missed', () => {
  test('decisions are loaded each time and not kept, and content goes on', async () => {
    const { cache, permission, page, key, caller } = createRig()
    const pageKey = page.scope('acme', caller).key('home')
    let loads = 0
    const load = async () => ({ value: `answer ${++loads}` })
    await permission.getOrLoad(key, load)
    await page.getOrLoad(pageKey, load)
    cache.distrust('the bus is silent')
    expect(cache.stats().distrusted).toBe('the bus is silent')
    expect(permission.peek(key)).toBeUndefined()
    expect(await permission.getOrLoad(key, load)).toBe('answer 3')
    expect(await permission.getOrLoad(key, load)).toBe('answer 4')
    expect(page.peek(pageKey)).toBe('answer 2')
    cache.trust()
    expect(permission.peek(key)).toBe('answer 1')
    expect(cache.stats().distrusted).toBeUndefined()
  })

  test('a decision whose load began before is loaded again', async () => {
    const { cache, permission, key } = createRig()
    const { truth, gates, load } = createSlowLoad()
    const asked = permission.getOrLoad(key, load)
    await settle()
    truth.value = 'deny'
    cache.distrust('gap')
    cache.trust()
    gates[0]!.open()
    await settle()
    gates[1]!.open()
    expect(await asked).toBe('deny')
  })

  test('a publisher is asked at each decision, so that nothing hangs on a timer that fired', async () => {
    let heardUntilMs = 500
    const { cache, permission, page, key, caller, clock } = createRig({
      publisher: {
        publish: async () => undefined,
        isTrusted: () => clock.monotonicMs() <= heardUntilMs,
      },
    })
    const { truth, gates, load } = createSlowLoad()
    const pageKey = page.scope('acme', caller).key('home')
    await permission.getOrLoad(key, async () => ({ value: 'allow' }))
    await page.getOrLoad(pageKey, async () => ({ value: 'page' }))
    const other = permission.scope('acme', caller).key('other')
    const asked = permission.getOrLoad(other, load)
    await settle()
    clock.advance(400)
    expect(permission.peek(key)).toBe('allow')
    clock.advance(400)
    expect(permission.peek(key)).toBeUndefined()
    expect(cache.stats().distrusted).toBe('others have not been heard for too long')
    expect(page.peek(pageKey)).toBe('page')
    // What was being read while trust was lost is read again, though it is back by then.
    truth.value = 'deny'
    heardUntilMs = 60_000
    gates[0]!.open()
    await settle()
    gates[1]!.open()
    expect(await asked).toBe('deny')
    expect(permission.peek(key)).toBe('allow')
  })
})
