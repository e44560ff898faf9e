import { describe, expect, test } from 'bun:test'
import { utf8 } from '../../../core/bytes.ts'
import type { ManualClock } from '../../../core/clock.ts'
import { createManualClock } from '../../../core/clock.ts'
import type { EntryMeta, Invalidation, Level, LevelAnswer, StoredEntry } from '../../contract.ts'

/** Makes a level for one test, and what tears it down. */
export type LevelFactory = (
  clock: ManualClock,
) => Promise<{ level: Level; end: () => Promise<void> }>

/** A content entry of a minute, with what a test wants changed. */
export function entryOf(
  clock: Pick<ManualClock, 'nowMs'>,
  body: string | Uint8Array,
  changes: Partial<EntryMeta> = {},
): StoredEntry {
  const nowMs = clock.nowMs()
  const untilMs = nowMs + 60_000
  return {
    body: typeof body === 'string' ? utf8(body) : body,
    meta: {
      kind: 'metadata',
      tenant: '',
      tags: [],
      prefixes: [],
      createdMs: nowMs,
      freshUntilMs: untilMs,
      staleWhileRevalidateUntilMs: untilMs,
      staleIfErrorUntilMs: untilMs,
      expiresMs: untilMs,
      costMs: 1,
      isNegative: false,
      ...changes,
    },
  }
}

/** The fence of an answer that has one. */
export function fenceOf(answer: LevelAnswer): string {
  if (answer.state === 'unavailable') throw new Error(`unavailable: ${answer.reason}`)
  return answer.fence
}

/** Loads as a cache does: a fence first, then the value. */
export async function put(level: Level, key: string, entry: StoredEntry): Promise<string> {
  return level.set(key, entry, fenceOf(await level.get(key)))
}

const bodyOf = (answer: LevelAnswer): string =>
  answer.state === 'hit' ? new TextDecoder().decode(answer.entry.body) : answer.state

const NAMES: readonly Invalidation[] = [
  { kind: 'key', name: 'k' },
  { kind: 'tag', name: 'red' },
  { kind: 'tenant', name: 'acme' },
  { kind: 'prefix', name: 'scenes/' },
  { kind: 'policy', name: 'main' },
  { kind: 'policy', name: '' },
  { kind: 'tag', name: 'read besides' },
  { kind: 'tenant', name: 'umbrella' },
  { kind: 'all', name: '' },
]

const NAMED: Partial<EntryMeta> = {
  tags: ['red', 'round'],
  tenant: 'acme',
  prefixes: ['scenes/'],
  policy: 'main',
  dependsOn: [
    { kind: 'tag', name: 'read besides' },
    { kind: 'tenant', name: 'umbrella' },
  ],
}

/** Registers what every {@link Level} must keep. */
export function describeLevel(name: string, create: LevelFactory): void {
  const use = async (run: (level: Level, clock: ManualClock) => Promise<void>): Promise<void> => {
    const clock = createManualClock()
    const { level, end } = await create(clock)
    try {
      await run(level, clock)
    } finally {
      await end()
    }
  }
  const read = async (level: Level, key = 'k'): Promise<string> => bodyOf(await level.get(key))

  describe(`cache level: ${name}`, () => {
    test('gives back what was stored, and nothing for other keys', async () => {
      await use(async (level, clock) => {
        const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at & 0xff)
        const entry = entryOf(clock, bytes, NAMED)
        expect(await put(level, 'k', entry)).toBe('stored')
        const answer = await level.get('k')
        expect(answer.state).toBe('hit')
        if (answer.state !== 'hit') return
        expect(new Uint8Array(answer.entry.body)).toEqual(bytes)
        const { kind, tenant, tags, prefixes, policy, dependsOn, costMs } = answer.entry.meta
        expect({ kind, tenant, tags, prefixes, policy, dependsOn, costMs }).toEqual({
          ...NAMED,
          kind: 'metadata',
          costMs: 1,
        } as never)
        expect(await read(level, 'K')).toBe('miss')
        expect(await read(level, '')).toBe('miss')
        expect(level.stats()).toMatchObject({ hits: 1, stores: 1 })
      })
    })

    test('keeps keys apart that differ in length, case, alphabet or beyond 512 characters', async () => {
      await use(async (level, clock) => {
        const long = 'x'.repeat(600)
        const keys = ['a', 'a:a', '1:a', 'A', 'ä', 'a\u0308', '', `${long}1`, `${long}2`, 'a\n']
        for (const key of keys) await put(level, key, entryOf(clock, `of ${key}`))
        for (const key of keys) expect(await read(level, key)).toBe(`of ${key}`)
        const answers = await level.getMany([...keys, 'none'])
        expect(answers.map(bodyOf)).toEqual([...keys.map((key) => `of ${key}`), 'miss'])
      })
    })

    test('answers the newest value of a key, and none after it was deleted', async () => {
      await use(async (level, clock) => {
        await put(level, 'k', entryOf(clock, 'one'))
        await put(level, 'k', entryOf(clock, 'two'))
        expect(await read(level)).toBe('two')
        await level.delete('k')
        expect(await read(level)).toBe('miss')
      })
    })

    test('answers nothing from the hard bound on', async () => {
      await use(async (level, clock) => {
        await put(level, 'k', entryOf(clock, 'one', { expiresMs: clock.nowMs() + 5000 }))
        clock.advance(4000)
        expect(await read(level)).toBe('one')
        clock.advance(1000)
        expect(await read(level)).toBe('miss')
        const late = entryOf(clock, 'late', { expiresMs: clock.nowMs() })
        expect(await put(level, 'late', late)).toBe('refused')
      })
    })

    test.each(NAMES)(
      'forgets what hangs on the $kind that is invalidated',
      async (invalidation) => {
        await use(async (level, clock) => {
          await put(level, 'k', entryOf(clock, 'one', NAMED))
          await put(level, 'other', entryOf(clock, 'other', { tags: ['blue'] }))
          await level.invalidate(invalidation)
          expect(await read(level)).toBe('miss')
          expect(await read(level, 'other')).toBe(invalidation.kind === 'all' ? 'miss' : 'other')
          await put(level, 'k', entryOf(clock, 'two', NAMED))
          expect(['two', 'miss']).toContain(await read(level))
        })
      },
    )

    test('knows the tenant without a name, as what belongs to no tenant', async () => {
      await use(async (level, clock) => {
        await put(level, 'nobody', entryOf(clock, 'one'))
        await put(level, 'acme', entryOf(clock, 'two', NAMED))
        await level.invalidate({ kind: 'tenant', name: '' })
        expect(await read(level, 'nobody')).toBe('miss')
        expect(await read(level, 'acme')).toBe('two')
      })
    })

    test.each(NAMES)(
      'refuses a value whose load an invalidation of its $kind overtook',
      async (name) => {
        await use(async (level, clock) => {
          const fence = fenceOf(await level.get('k'))
          await level.invalidate(name)
          expect(await level.set('k', entryOf(clock, 'old', NAMED), fence)).toBe('fenced')
          expect(await read(level)).toBe('miss')
          expect(level.stats().fenced).toBe(1)
        })
      },
    )

    test('refuses a fence that is not its own', async () => {
      await use(async (level, clock) => {
        for (const fence of ['', 'x', '-1', '999999999', 'era:5', '1e9']) {
          expect(await level.set('k', entryOf(clock, 'one'), fence)).not.toBe('stored')
        }
        expect(await read(level)).toBe('miss')
      })
    })

    test('never resurrects a value, however gets, sets and invalidations interleave', async () => {
      await use(async (level, clock) => {
        let version = 0
        let invalidated = 0
        const load = async (): Promise<void> => {
          const fence = fenceOf(await level.get('k'))
          const value = version
          await Promise.resolve()
          await level.set('k', entryOf(clock, String(value), { tags: ['t'] }), fence)
        }
        const change = async (): Promise<void> => {
          version += 1
          const changed = version
          await level.invalidate({ kind: 'tag', name: 't' })
          invalidated = Math.max(invalidated, changed)
        }
        for (let round = 0; round < 50; round += 1) {
          const work = [load(), load(), change(), load()]
          const least = invalidated
          const answer = await level.get('k')
          if (answer.state === 'hit') expect(Number(bodyOf(answer))).toBeGreaterThanOrEqual(least)
          await Promise.all(work)
        }
      })
    })

    test('a closed level is unavailable', async () => {
      await use(async (level, clock) => {
        const fence = fenceOf(await level.get('k'))
        await level.close()
        expect((await level.get('k')).state).toBe('unavailable')
        expect(await level.set('k', entryOf(clock, 'one'), fence)).not.toBe('stored')
      })
    })
  })
}
