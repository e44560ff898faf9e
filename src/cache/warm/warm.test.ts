import { describe, expect, test } from 'bun:test'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom, systemRandom } from '../../core/random.ts'
import { makeFolder } from '../../storage/contract/folder.ts'
import { openDiskLevel } from '../disk/disk-level.ts'
import { entryOf, put } from '../levels/contract/level.ts'
import { createHotKeys } from './hot-keys.ts'
import { loadKeys, saveKeys } from './key-snapshot.ts'
import { warmUp } from './warm-up.ts'

describe('hot keys', () => {
  test('are found among many passers-by, in bounded memory', () => {
    const hot = createHotKeys(100)
    const random = createSeededRandom(7)
    for (let at = 0; at < 100_000; at += 1) {
      const isHot = random.fraction() < 0.3
      hot.touch(isHot ? `hot${Math.floor(random.fraction() * 20)}` : `once${at}`)
    }
    const found = hot.hottest(20)
    expect(found.filter((key) => key.startsWith('hot')).length).toBe(20)
    expect(hot.hottest(1000).length).toBeLessThanOrEqual(100)
  })

  test('of long ago give way', () => {
    const hot = createHotKeys(4)
    for (let at = 0; at < 200; at += 1) hot.touch('old')
    for (let at = 0; at < 1000; at += 1) hot.touch(`new${at % 3}`)
    expect(hot.hottest(3).toSorted()).toEqual(['new0', 'new1', 'new2'])
  })

  test('too long to be kept are not', () => {
    const hot = createHotKeys(4)
    hot.touch('x'.repeat(2000))
    expect(hot.hottest(4)).toEqual([])
  })
})

describe('a snapshot of keys', () => {
  test('gives back the keys, any characters in them, and nobody else may read it', async () => {
    const folder = makeFolder()
    const path = join(folder.path, 'sub', 'keys')
    const keys = ['a', 'with\nline', 'ü"\\', '', '\u{1f600}']
    await saveKeys(path, keys)
    expect(await loadKeys(path, 100)).toEqual(keys)
    expect(await loadKeys(path, 2)).toEqual(keys.slice(0, 2))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    folder.remove()
  })

  test('that is absent, damaged or foreign gives none', async () => {
    const folder = makeFolder()
    const path = join(folder.path, 'keys')
    expect(await loadKeys(path, 10)).toEqual([])
    await saveKeys(path, ['a', 'b'])
    const text = readFileSync(path, 'utf8')
    for (const wrong of [text.slice(0, -2), text.replace('"a"', '"c"'), 'else', '']) {
      writeFileSync(path, wrong)
      expect(await loadKeys(path, 10)).toEqual([])
    }
    folder.remove()
  })
})

describe('warming up', () => {
  test('brings back what the disk vouches for, and nothing that was invalidated', async () => {
    const folder = makeFolder()
    const clock = createManualClock()
    const level = await openDiskLevel({
      folder: folder.path,
      bytesMax: 1_048_576,
      entryBytesMax: 65_536,
      accepts: () => true,
      clock,
      random: systemRandom,
    })
    await put(level, 'a', entryOf(clock, 'a'))
    await put(level, 'b', entryOf(clock, 'b', { tags: ['t'] }))
    await level.invalidate({ kind: 'tag', name: 't' })
    const memory = new Map<string, string>()
    const report = await warmUp({
      keys: ['a', 'b', 'unknown'],
      restore: async (key) => {
        const answer = await level.get(key)
        if (answer.state !== 'hit') return false
        memory.set(key, new TextDecoder().decode(answer.entry.body))
        return true
      },
      atOnce: 2,
      budgetMs: 1000,
      clock,
    })
    expect(report).toEqual({ restored: 1, absent: 2, failed: 0, skipped: 0 })
    expect([...memory]).toEqual([['a', 'a']])
    await level.close()
    folder.remove()
  })

  test('ends with its time, its signal, and goes on over failures', async () => {
    const clock = createManualClock()
    const keys = Array.from({ length: 10 }, (_, at) => `k${at}`)
    const slow = async (): Promise<boolean> => {
      clock.advance(30)
      return true
    }
    const common = { keys, atOnce: 1, budgetMs: 100, clock }
    expect(await warmUp({ ...common, restore: slow })).toMatchObject({ restored: 4, skipped: 6 })
    const failing = async (): Promise<boolean> => {
      throw new Error('gone')
    }
    expect(await warmUp({ ...common, restore: failing })).toMatchObject({ failed: 10 })
    const signal = AbortSignal.abort()
    expect(await warmUp({ ...common, restore: slow, signal })).toMatchObject({ skipped: 10 })
  })
})
