import { describe, expect, test } from 'bun:test'
import type { Invalidation, Level, LevelAnswer, LevelOutcome, StoredEntry } from '../contract.ts'
import { decodeEntry, encodeEntry } from '../levels/entry-codec.ts'
import { createGate, createRig, failureOf, settle } from './rig.fixture.ts'

/** A level that keeps its promises in a Map, and can be made to fail or wait. */
function createMapLevel(name = 'map') {
  const entries = new Map<string, { entry: StoredEntry; at: number }>()
  const voids = new Map<string, number>()
  let position = 0
  const state = {
    isDown: false,
    isInvalidationDown: false,
    waiting: undefined as Promise<void> | undefined,
    invalidating: undefined as Promise<void> | undefined,
  }
  const namesOf = (key: string, { meta }: StoredEntry): string[] => [
    'all',
    `key ${key}`,
    `tenant ${meta.tenant}`,
    `policy ${meta.policy}`,
    ...meta.tags.map((tag) => `tag ${tag}`),
    ...meta.prefixes.map((prefix) => `prefix ${prefix}`),
    ...(meta.dependsOn ?? []).map(({ kind, name }) => `${kind} ${name}`),
  ]
  const isVoid = (key: string, entry: StoredEntry, at: number): boolean =>
    namesOf(key, entry).some((name) => (voids.get(name) ?? 0) > at)
  const level: Level = {
    name,
    async get(key): Promise<LevelAnswer> {
      const fence = String(position)
      const held = entries.get(key)
      await state.waiting
      if (state.isDown) throw new Error('connection refused')
      if (held === undefined || isVoid(key, held.entry, held.at)) return { state: 'miss', fence }
      return { state: 'hit', entry: held.entry, fence }
    },
    getMany: (keys) => Promise.all(keys.map((key) => level.get(key))),
    async set(key, entry, fence): Promise<LevelOutcome> {
      if (state.isDown) throw new Error('connection refused')
      if (isVoid(key, entry, Number(fence))) return 'fenced'
      entries.set(key, { entry, at: Number(fence) })
      return 'stored'
    },
    async delete(key) {
      entries.delete(key)
    },
    async invalidate({ kind, name }: Invalidation) {
      await state.invalidating
      if (state.isInvalidationDown) throw new Error('connection refused')
      voids.set(kind === 'all' ? 'all' : `${kind} ${name}`, ++position)
    },
    stats: () => ({
      hits: 0,
      misses: 0,
      stores: 0,
      fenced: 0,
      evictions: 0,
      expired: 0,
      corrupt: 0,
      unavailable: 0,
      entries: entries.size,
      bytes: 0,
    }),
    close: () => Promise.resolve(),
  }
  return { level, entries, state }
}

const allow = async () => ({ value: 'allow', tags: ['user 7'] })

describe('a level behind the process', () => {
  test('answers another instance, for as long as is left and no longer', async () => {
    const { level } = createMapLevel()
    const [one, two] = [createRig({ levels: [level] }), createRig({ levels: [level] })]
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    for (const { clock } of [one, two]) clock.advance(59_000)
    expect(await two.permission.getOrLoad(two.key, () => Promise.reject(new Error('loaded')))).toBe(
      'allow',
    )
    two.clock.advance(999)
    expect(two.permission.peek(two.key)).toBe('allow')
    two.clock.advance(1)
    expect(two.permission.peek(two.key)).toBeUndefined()
  })

  test('cannot prolong a decision by a clock that is wrong', async () => {
    const { level } = createMapLevel()
    const [one, two] = [createRig({ levels: [level] }), createRig({ levels: [level] })]
    one.clock.setWall(one.clock.nowMs() + 3_600_000)
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    await two.permission.getOrLoad(two.key, () => Promise.reject(new Error('loaded')))
    two.clock.advance(60_000)
    expect(two.permission.peek(two.key)).toBeUndefined()
  })

  test('does not give back what was invalidated while it answered', async () => {
    const { level, state } = createMapLevel()
    const [one, two] = [createRig({ levels: [level] }), createRig({ levels: [level] })]
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    const gate = createGate()
    state.waiting = gate.opened
    const asked = two.permission.getOrLoad(two.key, async () => ({ value: 'deny' }))
    await settle()
    await two.cache.invalidate({ kind: 'tag', name: 'user 7' })
    gate.open()
    expect(await asked).toBe('deny')
    expect(two.permission.peek(two.key)).toBe('deny')
  })

  test('is not asked while an invalidation is on its way there', async () => {
    const { level, state } = createMapLevel()
    const [one, two] = [createRig({ levels: [level] }), createRig({ levels: [level] })]
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    const gate = createGate()
    state.invalidating = gate.opened
    two.cache.apply({ kind: 'tag', name: 'user 7', sequence: '1-0' })
    expect(await two.permission.getOrLoad(two.key, async () => ({ value: 'deny' }))).toBe('deny')
    gate.open()
    await settle()
    expect(one.cache.stats().levels['map']?.entries).toBe(1)
  })

  test('that missed an invalidation is asked again only once it has it', async () => {
    const { level, state } = createMapLevel()
    const [one, two] = [
      createRig({ levels: [level] }),
      createRig({ levels: [level], sweepIntervalMs: 1000 }),
    ]
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    state.isInvalidationDown = true
    const reached = two.cache.invalidate({ kind: 'tag', name: 'user 7' })
    expect(String(await failureOf(reached))).toContain('has not reached')
    const short = async () => ({ value: 'deny', ttlMs: 10 })
    expect(await two.permission.getOrLoad(two.key, short)).toBe('deny')
    two.clock.advance(10)
    state.isInvalidationDown = false
    expect(await two.permission.getOrLoad(two.key, short)).toBe('deny')
    two.timers.fire()
    await settle()
    two.clock.advance(10)
    const third = createRig({ levels: [level] })
    expect(await third.permission.getOrLoad(third.key, async () => ({ value: 'deny' }))).toBe(
      'deny',
    )
  })

  test('is told again of an invalidation it missed, even where nothing is swept', async () => {
    const { level, state } = createMapLevel()
    const rig = createRig({ levels: [level], sweepIntervalMs: 0 })
    state.isInvalidationDown = true
    await failureOf(rig.cache.invalidate({ kind: 'tag', name: 'user 7' }))
    state.isInvalidationDown = false
    rig.timers.fire(1000)
    await settle()
    await rig.permission.getOrLoad(rig.key, allow)
    await settle()
    const other = createRig({ levels: [level] })
    expect(await other.permission.getOrLoad(other.key, () => ({ value: 'loaded' }))).toBe('allow')
  })

  test('gives nothing back once what its load read besides was invalidated, here or elsewhere', async () => {
    const names = [
      { kind: 'tag', name: 'user 8' },
      { kind: 'tenant', name: 'umbrella' },
      { kind: 'policy', name: 'shared' },
    ] as const
    for (const name of names) {
      const { level } = createMapLevel()
      const [one, two, three] = [1, 2, 3].map(() => createRig({ levels: [level] }))
      await one!.permission.getOrLoad(one!.key, async ({ dependsOn }) => {
        dependsOn(name)
        return { value: 'allow' }
      })
      await settle()
      const deny = () => ({ value: 'deny', isCacheable: false })
      expect(await two!.permission.getOrLoad(two!.key, deny)).toBe('allow')
      // What came from the level hangs on the same.
      two!.cache.apply({ ...name, sequence: '1-0' })
      await settle()
      expect(await two!.permission.getOrLoad(two!.key, deny)).toBe('deny')
      expect(await three!.permission.getOrLoad(three!.key, deny)).toBe('deny')
    }
  })

  test('holds what never ends, as bytes too', async () => {
    const { level, entries } = createMapLevel()
    const { page } = createRig({ levels: [level] })
    const key = page.scope('acme', { kind: 'shared' }).key('home')
    await page.getOrLoad(key, () => ({ value: 'for ever', ttlMs: Infinity }))
    await settle()
    const { entry } = entries.get(key.text)!
    const decoded = decodeEntry(encodeEntry({ key: key.text, entry, asOf: '' }))
    expect(decoded?.entry.meta).toEqual(entry.meta)
  })

  test('that is down makes loads slower, not wrong, and whoever runs the cache is told', async () => {
    const { level, state } = createMapLevel()
    const rig = createRig({ levels: [level] })
    state.isDown = true
    expect(await rig.permission.getOrLoad(rig.key, allow)).toBe('allow')
    expect(rig.errors.map(String)).toEqual(['Error: connection refused'])
  })

  test('that is nearer is filled from one that is further', async () => {
    const [near, far] = [createMapLevel('near'), createMapLevel('far')]
    const one = createRig({ levels: [far.level] })
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    const two = createRig({ levels: [near.level, far.level] })
    await two.permission.getOrLoad(two.key, () => Promise.reject(new Error('loaded')))
    await settle()
    expect(near.entries.size).toBe(1)
  })

  test('is not used for decisions while invalidations may be missed', async () => {
    const { level, entries } = createMapLevel()
    const rig = createRig({ levels: [level] })
    rig.cache.distrust('gap')
    await rig.permission.getOrLoad(rig.key, allow)
    await settle()
    expect(entries.size).toBe(0)
  })

  test('holds the refreshed value after a refresh', async () => {
    const { level, entries } = createMapLevel()
    const { page, clock } = createRig({ levels: [level] })
    const key = page.scope('acme', { kind: 'shared' }).key('home')
    await page.getOrLoad(key, () => ({ value: 'one' }))
    await settle()
    clock.advance(1000)
    void page.getOrLoad(key, () => ({ value: 'two' }))
    await settle()
    expect(new TextDecoder().decode(entries.get(key.text)?.entry.body)).toBe('two')
  })

  test('does not answer for another kind or tenant, nor with bytes that are no value', async () => {
    const { level, entries } = createMapLevel()
    const one = createRig({ levels: [level] })
    await one.permission.getOrLoad(one.key, allow)
    await settle()
    const { entry, at } = entries.get(one.key.text)!
    for (const meta of [
      { ...entry.meta, tenant: 'umbrella' },
      { ...entry.meta, kind: 'page' },
    ]) {
      entries.set(one.key.text, { entry: { ...entry, meta }, at })
      const two = createRig({ levels: [level] })
      expect(await two.permission.getOrLoad(two.key, async () => ({ value: 'deny' }))).toBe('deny')
      await settle()
    }
  })
})

test('an invalidation reaches the levels before the other instances hear of it', async () => {
  const { level, entries } = createMapLevel()
  const heard: string[] = []
  const invalidated: string[] = []
  const watched: Level = {
    ...level,
    async invalidate(invalidation) {
      await level.invalidate(invalidation)
      invalidated.push(invalidation.name)
    },
  }
  const publisher = {
    publish: async ({ name }: Invalidation) => {
      heard.push(`${name} after ${invalidated.join()}`)
    },
  }
  const rig = createRig({ levels: [watched], publisher })
  await rig.permission.getOrLoad(rig.key, allow)
  await settle()
  expect(entries.size).toBe(1)
  await rig.cache.invalidate({ kind: 'tag', name: 'user 7' })
  expect(heard).toEqual(['user 7 after user 7'])
})
