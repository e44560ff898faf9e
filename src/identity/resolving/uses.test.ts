import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import type { Records } from '../../storage/index.ts'
import { createMemoryRecords } from '../../storage/index.ts'
import { identityCollections, useCollection } from '../collections.ts'
import type { Rig } from '../test-rig.ts'
import { createRig, valueOf } from '../test-rig.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
/** How far behind the written uses may be: a minute, plus one round through the table. */
const BEHIND_MAX_MS = MINUTE_MS + 11 * SECOND_MS

interface Watched {
  readonly rig: Rig
  readonly secrets: readonly string[]
  readonly ids: readonly string[]
  /** Rows in each commit of last uses so far. */
  readonly batches: number[]
  isBroken: boolean
}

async function withKeys(count: number): Promise<Watched> {
  const clock = createManualClock()
  const stored = createMemoryRecords({ collections: identityCollections, clock })
  const batches: number[] = []
  let isWatching = false
  const records: Records = {
    ...stored,
    commit: async (changes) => {
      if (isWatching && changes.every((change) => change.op === 'update')) {
        if (watched.isBroken) throw new Error('disk full')
        batches.push(changes.length)
      }
      return stored.commit(changes)
    },
  }
  const rig = await createRig({ clock, records })
  await rig.identity.tenants.create({ id: 't1', name: 'One' })
  const [secrets, ids]: [string[], string[]] = [[], []]
  for (let at = 0; at < count; at++) {
    const { secret, after } = valueOf(await rig.identity.keys.create('t1', { name: `key ${at}` }))
    secrets.push(secret)
    ids.push(after.id)
  }
  isWatching = true
  const watched: Watched = { rig, secrets, ids, batches, isBroken: false }
  return watched
}

const writtenMs = async ({ rig }: Watched, id: string): Promise<number> =>
  (await rig.records.tenant('t1', useCollection).get(id))?.lastUsedAtMs ?? 0

/** What the server does every second. */
async function tick({ identity }: Rig): Promise<void> {
  while (await identity.flush());
}

describe('the last use of a key', () => {
  test('is seen at once where it was used, in the key and in the list, written or not', async () => {
    const watched = await withKeys(3)
    const { rig, secrets, ids, batches } = watched
    rig.clock.advance(5 * SECOND_MS)
    await rig.resolve(secrets[1]!)
    const view = valueOf(await rig.identity.keys.get('t1', ids[1]!))
    expect(view.lastUsedAtMs).toBe(rig.clock.nowMs())
    const listed = await rig.identity.keys.list('t1')
    const used = listed.rows.filter((row) => row.lastUsedAtMs !== null)
    expect(used.map((row) => row.id)).toEqual([ids[1]!])
    expect(used[0]!.lastUsedAtMs).toBe(rig.clock.nowMs())
    expect(batches).toEqual([])
    expect(await writtenMs(watched, ids[1]!)).toBe(0)
  })

  test('is on disk a minute later at most, and is written once a minute however often it is used', async () => {
    const watched = await withKeys(50)
    const { rig, secrets, ids, batches } = watched
    const minutes = 5
    for (let second = 0; second < minutes * 60; second++) {
      rig.clock.advance(SECOND_MS)
      for (const secret of secrets) await rig.resolve(secret)
      await tick(rig)
      const behindMs = rig.clock.nowMs() - (await writtenMs(watched, ids[second % 50]!))
      expect(behindMs).toBeLessThanOrEqual(BEHIND_MAX_MS)
    }
    const rows = batches.reduce((sum, each) => sum + each, 0)
    expect(rows).toBeGreaterThanOrEqual(50 * minutes)
    expect(rows).toBeLessThanOrEqual(50 * (minutes + 1))
  })

  test('that came once is on disk a minute later at most, too', async () => {
    const watched = await withKeys(1)
    const { rig, secrets, ids } = watched
    await rig.resolve(secrets[0]!)
    await tick(rig)
    for (const pauseMs of [2, 30, 59, 61, 600].map((seconds) => seconds * SECOND_MS)) {
      rig.clock.advance(pauseMs)
      await rig.resolve(secrets[0]!)
      const usedAtMs = rig.clock.nowMs()
      for (let passedMs = 0; passedMs < BEHIND_MAX_MS; passedMs += SECOND_MS) {
        rig.clock.advance(SECOND_MS)
        await tick(rig)
      }
      expect(await writtenMs(watched, ids[0]!)).toBe(usedAtMs)
    }
  })

  test('is written a few rows at a time, each key in its turn, and others are served in between', async () => {
    const { rig, secrets, batches } = await withKeys(300)
    for (const secret of secrets) await rig.resolve(secret)
    let turns = 0
    let more = true
    while (more) {
      const before = batches.length
      const flushed = rig.identity.flush()
      // A second call meanwhile shares the same flush.
      const again = rig.identity.flush()
      await rig.resolve(secrets[turns]!)
      more = await flushed
      expect(await again).toBe(more)
      expect(batches.length - before).toBeLessThanOrEqual(1)
      turns++
    }
    expect(Math.max(...batches)).toBeLessThanOrEqual(64)
    expect(batches.reduce((sum, each) => sum + each, 0)).toBe(300)
  })

  test('is not lost when it cannot be written', async () => {
    const watched = await withKeys(100)
    const { rig, secrets, ids } = watched
    for (const secret of secrets) await rig.resolve(secret)
    const usedAtMs = rig.clock.nowMs()
    watched.isBroken = true
    for (let time = 0; time < 3; time++) {
      const failed = await rig.identity.flush().catch((error: unknown) => error)
      expect(failed).toEqual(new Error('disk full'))
    }
    expect(valueOf(await rig.identity.keys.get('t1', ids[0]!)).lastUsedAtMs).toBe(usedAtMs)
    watched.isBroken = false
    await tick(rig)
    for (const id of ids) expect(await writtenMs(watched, id)).toBe(usedAtMs)
  })

  test('is on disk after a close, in few batches, also of what was forgotten meanwhile', async () => {
    const watched = await withKeys(400)
    const { rig, secrets, ids, batches } = watched
    for (const secret of secrets) await rig.resolve(secret)
    await rig.identity.flush()
    rig.clock.advance(2 * SECOND_MS)
    for (const secret of secrets) await rig.resolve(secret)
    const usedAtMs = rig.clock.nowMs()
    await rig.identity.tenants.update('t1', { name: 'Another' }) // forgets its credentials
    batches.length = 0
    await rig.identity.close()
    expect(batches).toEqual([400])
    for (const id of ids) expect(await writtenMs(watched, id)).toBe(usedAtMs)
  })
})
