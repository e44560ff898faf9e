import { describe, expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { createManualClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { makeFolder } from '../../storage/contract/folder.ts'
import { entryOf, put } from '../levels/contract/level.ts'
import { createPositionTable } from '../levels/position-table.ts'
import type { DiskLevelOptions } from './disk-level.ts'
import { openDiskLevel } from './disk-level.ts'
import { createEntryIndex } from './entry-index.ts'
import { reclaimSegment } from './reclaim.ts'
import { replaySegments } from './replay.ts'
import type { Segment } from './segment.ts'
import { listSegments } from './segment.ts'
import type { SegmentWriter } from './segment-writer.ts'
import { createSegmentWriter } from './segment-writer.ts'

/** A process that is killed at any step of a compaction: what it leaves is the same as before, or after. */

const clock = createManualClock()
const optionsOf = (folder: string): DiskLevelOptions => ({
  folder,
  // Nothing is compacted but by the test.
  bytesMax: 400_000_000,
  entryBytesMax: 65_536,
  accepts: () => true,
  clock,
  random: systemRandom,
  bootId: 'boot',
})

const KEYS = Array.from({ length: 40 }, (_, at) => `k${at}`)

/** What a level in this folder answers, key by key. */
async function readAll(folder: string): Promise<readonly string[]> {
  const level = await openDiskLevel(optionsOf(folder))
  const answers = await level.getMany(KEYS)
  await level.close()
  return answers.map((answer) =>
    answer.state === 'hit' ? new TextDecoder().decode(answer.entry.body) : answer.state,
  )
}

/** Reads a copy: opening a level may compact by itself. */
async function readCopy(folder: string): Promise<readonly string[]> {
  const copy = makeFolder()
  cpSync(folder, copy.path, { recursive: true })
  const answers = await readAll(copy.path)
  copy.remove()
  return answers
}

/** Four starts, so four files: values, newer ones for some, and invalidations in files behind them. */
async function fill(folder: string): Promise<void> {
  for (let file = 0; file < 4; file += 1) {
    const level = await openDiskLevel(optionsOf(folder))
    const tags = (at: number) => ({ tags: [`t${at}`] })
    for (const [at, key] of KEYS.entries()) {
      const isOld = at % 4 === (file + 3) % 4
      if (isOld && at % 3 === 0) await level.invalidate({ kind: 'tag', name: `t${at}` })
      const isNewer = isOld && at % 5 === 0
      if (at % 4 === file || isNewer)
        await put(level, key, entryOf(clock, `${file} of ${key}`, tags(at)))
    }
    await level.close()
  }
}

describe.each([
  ['the oldest file', 0, false],
  ['a file in the middle', 1, true],
  ['the one before the newest', 2, true],
])('%s', (_, which, hasOlder) => {
  test('is compacted so that a kill at any step changes no answer', async () => {
    const folder = makeFolder()
    await fill(folder.path)
    const expected = await readCopy(folder.path)
    expect(new Set(expected).size).toBeGreaterThan(10)
    expect(expected).toContain('miss')

    const index = createEntryIndex()
    const table = createPositionTable(systemRandom)
    const { segments } = await replaySegments(folder.path, index, table)
    expect(segments.length).toBeGreaterThanOrEqual(4)
    const copies: ReturnType<typeof makeFolder>[] = []
    const written: Segment[] = []
    const snap = (): void => {
      const copy = makeFolder()
      cpSync(folder.path, copy.path, { recursive: true })
      copies.push(copy)
    }
    const writer = createSegmentWriter({
      folder: folder.path,
      first: Math.max(...(await listSegments(folder.path))) + 1,
      segmentBytes: 16_384,
      onSegment: (segment) => void written.push(segment),
      onFailure: (error) => {
        throw error
      },
    })
    const watched: SegmentWriter = {
      ...writer,
      async append(bytes) {
        snap()
        const place = await writer.append(bytes)
        snap()
        return place
      },
    }
    await reclaimSegment(
      segments[which]!,
      { keepBytes: Infinity, isUsedOnly: false, hasOlder },
      { index, table, writer: watched, nowMs: clock.nowMs, onEvict: () => undefined },
    )
    snap()
    expect(copies.length).toBeGreaterThan(10)
    expect((await listSegments(copies.at(-1)!.path)).includes(segments[which]!.number)).toBe(false)
    for (const { handle, removal } of [...segments, ...written]) {
      if (removal === undefined) await handle.close()
    }
    for (const copy of copies) {
      expect(await readAll(copy.path)).toEqual(expected)
      copy.remove()
    }
    folder.remove()
  }, 60_000)
})
