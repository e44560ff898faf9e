import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ManualClock } from '../../core/clock.ts'
import { createManualClock } from '../../core/clock.ts'
import { until } from '../../core/until.fixture.ts'
import { systemRandom } from '../../core/random.ts'
import type { Folder } from '../../storage/contract/folder.ts'
import { makeFolder } from '../../storage/contract/folder.ts'
import type { Level } from '../contract.ts'
import { claimFolder } from './boot-state.ts'
import { describeLevel, entryOf, fenceOf, put } from '../levels/contract/level.ts'
import type { DiskLevel, DiskLevelOptions } from './disk-level.ts'
import { FolderInUseError, openDiskLevel } from './disk-level.ts'

const optionsOf = (folder: string, clock: ManualClock): DiskLevelOptions => ({
  folder,
  bytesMax: 1_048_576,
  entryBytesMax: 65_536,
  accepts: (meta) => meta.kind !== 'permission',
  clock,
  random: systemRandom,
  bootId: 'boot',
})

describeLevel('disk', async (clock) => {
  const folder = makeFolder()
  const level = await openDiskLevel(optionsOf(folder.path, clock))
  return {
    level,
    async end() {
      await level.close()
      folder.remove()
    },
  }
})

describe('a level on disk', () => {
  let folder: Folder
  let clock: ManualClock
  let level: DiskLevel
  const open = async (changes: Partial<DiskLevelOptions> = {}): Promise<DiskLevel> =>
    (level = await openDiskLevel({ ...optionsOf(folder.path, clock), ...changes }))
  /** Opens what lies there now, as after kill -9: a copy from before the level is closed. */
  const reopen = async (changes: Partial<DiskLevelOptions> = {}): Promise<DiskLevel> => {
    const before = folder
    folder = makeFolder()
    cpSync(before.path, folder.path, { recursive: true })
    await level.close()
    before.remove()
    return open(changes)
  }
  const read = async (key: string, from: Level = level): Promise<string> => {
    const answer = await from.get(key)
    return answer.state === 'hit' ? new TextDecoder().decode(answer.entry.body) : answer.state
  }
  const segments = (): string[] =>
    readdirSync(folder.path)
      .filter((name) => name.endsWith('.seg'))
      .toSorted()
      .map((name) => join(folder.path, name))

  beforeEach(async () => {
    folder = makeFolder()
    clock = createManualClock()
    await open()
  })
  afterEach(async () => {
    await level.close()
    folder.remove()
  })

  test('is warm after it was killed, without what was invalidated', async () => {
    await put(level, 'kept', entryOf(clock, 'kept', { tags: ['a'] }))
    await put(level, 'old', entryOf(clock, 'old', { tags: ['b'] }))
    await level.invalidate({ kind: 'tag', name: 'b' })
    await put(level, 'new', entryOf(clock, 'new', { tags: ['b'] }))
    await reopen()
    expect([await read('kept'), await read('old'), await read('new')]).toEqual([
      'kept',
      'miss',
      'new',
    ])
    await level.invalidate({ kind: 'all', name: '' })
    await reopen()
    expect([await read('kept'), await read('new')]).toEqual(['miss', 'miss'])
  })

  test('never holds what it must not', async () => {
    const allow = entryOf(clock, 'secret allow', { kind: 'permission' })
    expect(await put(level, 'allow', allow)).toBe('refused')
    expect(await put(level, 'large', entryOf(clock, 'x'.repeat(70_000)))).toBe('refused')
    expect(
      segments()
        .map((path) => readFileSync(path, 'utf8'))
        .join(),
    ).not.toContain('secret')
    expect(await read('allow')).toBe('miss')
  })

  test('starts empty after a crash of the machine, warm after a clean end', async () => {
    await put(level, 'k', entryOf(clock, 'v'))
    await reopen({ bootId: 'another boot' })
    expect(await read('k')).toBe('miss')
    await put(level, 'k', entryOf(clock, 'v'))
    await level.close()
    await open({ bootId: 'a third boot' })
    expect(await read('k')).toBe('v')
    await put(level, 'k', entryOf(clock, 'v'))
    await reopen({ bootId: '' })
    expect(await read('k')).toBe('miss')
  })

  test('a record that was torn off is left out, all before it is kept', async () => {
    await put(level, 'a', entryOf(clock, 'a'))
    await put(level, 'b', entryOf(clock, 'b'.repeat(300)))
    const whole = readFileSync(segments()[0]!)
    for (const cut of [1, 100, 400]) {
      writeFileSync(segments()[0]!, whole.subarray(0, whole.length - cut))
      await reopen()
      expect([await read('a'), await read('b')]).toEqual(['a', 'miss'])
    }
  })

  test('damage in a head gives up all that was written before: an invalidation may be lost', async () => {
    await put(level, 'a', entryOf(clock, 'a', { tags: ['t'] }))
    const before = statSync(segments()[0]!).size
    await level.invalidate({ kind: 'tag', name: 't' })
    await reopen()
    await put(level, 'b', entryOf(clock, 'b'))
    const [first] = segments()
    const bytes = readFileSync(first!)
    bytes[before + 20]! ^= 1
    writeFileSync(first!, bytes)
    await reopen()
    expect([await read('a'), await read('b')]).toEqual(['miss', 'b'])
    expect(level.stats().corrupt).toBe(1)
  })

  test('damage in a value is a miss', async () => {
    await put(level, 'a', entryOf(clock, 'a'.repeat(100)))
    const [path] = segments()
    const bytes = readFileSync(path!)
    bytes[bytes.length - 5]! ^= 1
    writeFileSync(path!, bytes)
    await reopen()
    expect(await read('a')).toBe('miss')
    expect(level.stats()).toMatchObject({ corrupt: 1, entries: 0 })
  })

  test('stays within its bytes, and keeps what is asked for', async () => {
    await reopen({ bytesMax: 320_000 })
    const body = 'x'.repeat(1000)
    await put(level, 'hot', entryOf(clock, 'hot'))
    for (let at = 0; at < 2000; at += 1) {
      await put(level, `k${at}`, entryOf(clock, body))
      if (at % 20 === 0) expect(await read('hot')).toBe('hot')
      const sizes = segments().map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
      const used = sizes.reduce((sum, size) => sum + size, 0)
      expect(used).toBeLessThan(360_000)
    }
    expect(await read('k1999')).toBe(body)
    expect(await read('k0')).toBe('miss')
    expect(level.stats().evictions).toBeGreaterThan(1000)
    await reopen({ bytesMax: 320_000 })
    expect([await read('hot'), await read('k1999')]).toEqual(['hot', body])
  })

  test('stays within its bytes in a flood, too, though all of it is asked for', async () => {
    const bytesMax = 8_000_000
    await reopen({ bytesMax })
    const body = 'x'.repeat(30_000)
    const outcomes: Promise<string>[] = []
    const asked: Promise<unknown>[] = []
    let most = 0
    for (let at = 0; at < 2600; at += 1) {
      outcomes.push(level.set(`k${at}`, entryOf(clock, body), level.fence()!))
      asked.push(level.get(`k${at - 3}`))
      if (at % 20 !== 0) continue
      await new Promise((resolve) => setImmediate(resolve))
      const sizes = segments().map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      )
    }
    const stored = (await Promise.all(outcomes)).filter((outcome) => outcome === 'stored')
    await Promise.all(asked)
    expect(most).toBeLessThanOrEqual(bytesMax)
    expect(stored.length).toBeGreaterThan(200)
    // There is room again as soon as there was time to make it.
    await until(async () => (await put(level, 'last', entryOf(clock, body))) === 'stored', 'room')
    expect(await read('last')).toBe(body)
  })

  test('writes nothing for a while when the oldest cannot be removed, and says why', async () => {
    const bytesMax = 400_000
    await reopen({ bytesMax, pauseMs: 1000 })
    const body = 'x'.repeat(5000)
    const fill = async (): Promise<string[]> => {
      const outcomes: string[] = []
      for (let at = 0; at < 200; at += 1)
        outcomes.push(await put(level, `k${at}`, entryOf(clock, body)))
      return outcomes
    }
    await put(level, 'first', entryOf(clock, body))
    const [oldest] = segments()
    rmSync(oldest!)
    mkdirSync(oldest!)
    expect((await fill()).at(-1)).toBe('unavailable')
    // The last one may have found no room while the oldest was still being removed.
    await until(() => level.fault() !== undefined, 'a fault')
    expect(level.fault()).toContain('unlink')
    expect(level.stats().bytes).toBeLessThanOrEqual(bytesMax)
    rmdirSync(oldest!)
    clock.advance(1000)
    await until(async () => (await put(level, 'k', entryOf(clock, body))) === 'stored', 'room')
    expect(level.fault()).toBeUndefined()
  })

  test('compaction neither loses what is live nor forgets an invalidation', async () => {
    await reopen({ bytesMax: 1_000_000 })
    const body = 'x'.repeat(500)
    // An old value that only a record of invalidation voids, and a live one, in the oldest segment.
    await put(level, 'void', entryOf(clock, 'void', { tags: ['t'] }))
    await put(level, 'live', entryOf(clock, 'live'))
    for (let at = 0; at < 200; at += 1) await put(level, `fill${at}`, entryOf(clock, body))
    await level.invalidate({ kind: 'tag', name: 't' })
    // Overwritten again and again: the segments between become worthless and are compacted.
    for (let at = 0; at < 2000; at += 1) await put(level, `same${at % 5}`, entryOf(clock, body))
    expect(level.stats().bytes).toBeLessThan(900_000)
    for (let round = 0; round < 2; round += 1) {
      expect([await read('void'), await read('live'), await read('fill0')]).toEqual([
        'miss',
        'live',
        body,
      ])
      await reopen({ bytesMax: 1_000_000 })
    }
  })

  test('an older value that compaction moved behind a newer one stays old', async () => {
    await reopen({ bytesMax: 320_000 })
    await put(level, 'k', entryOf(clock, 'old'))
    const body = 'x'.repeat(900)
    const filling = (async () => {
      for (let at = 0; at < 600; at += 1) {
        await put(level, `f${at}`, entryOf(clock, body))
        await level.get('k')
      }
    })()
    for (let at = 0; at < 50; at += 1) await put(level, 'k', entryOf(clock, `new${at}`))
    await filling
    expect(await read('k')).toBe('new49')
    // With room for more, lest the oldest segment be given up: nobody has asked for anything of it since the start.
    await reopen({ bytesMax: 640_000 })
    expect(await read('k')).toBe('new49')
  })

  test('knows after a restart how far in the shared order it was', async () => {
    expect(level.lastSequence()).toBeUndefined()
    await level.invalidate({ kind: 'tag', name: 't', sequence: 'era:7' })
    await reopen()
    expect(level.lastSequence()).toBe('era:7')
    await level.mark('era:9')
    await reopen()
    expect(level.lastSequence()).toBe('era:9')
    await level.invalidate({ kind: 'all', name: '', sequence: 'era:12' })
    await reopen()
    expect(level.lastSequence()).toBe('era:12')
  })

  test('a clock that is set back brings nothing to life again', async () => {
    await put(level, 'k', entryOf(clock, 'one', { expiresMs: clock.nowMs() + 60_000 }))
    clock.advance(1000)
    expect(await read('k')).toBe('one')
    clock.setWall(clock.nowMs() - 86_400_000)
    expect(await read('k')).toBe('miss')
    await reopen()
    expect(await read('k')).toBe('miss')
    expect(await put(level, 'k', entryOf(clock, 'two'))).toBe('stored')
    expect(await read('k')).toBe('two')
  })

  test('a folder is used by one process at a time', async () => {
    const state = JSON.parse(readFileSync(join(folder.path, 'state.json'), 'utf8')) as object
    const other = spawn('sleep', ['30'])
    writeFileSync(join(folder.path, 'state.json'), JSON.stringify({ ...state, pid: other.pid }))
    expect(
      await openDiskLevel(optionsOf(folder.path, clock)).catch((error: unknown) => error),
    ).toBeInstanceOf(FolderInUseError)
    const gone = new Promise((resolve) => other.once('exit', resolve))
    other.kill('SIGKILL')
    await gone
    await (await openDiskLevel(optionsOf(folder.path, clock))).close()
  })

  test('of two processes that open a folder at the same moment one finds it in use', async () => {
    const own = makeFolder()
    const claim = async (pid: number) =>
      claimFolder(
        own.path,
        { bootId: 'boot', pid, isAlive: () => true, run: undefined },
        async () => undefined,
      )
    for (let round = 0; round < 20; round += 1) {
      rmSync(join(own.path, 'state.json'), { force: true })
      const states = await Promise.all([1, 2, 3].map(claim))
      expect(states.filter((state) => typeof state === 'object').length).toBe(2)
    }
    for (const text of ['', 'null', '7', '"text"', '[]', '{}', '{"format":2']) {
      writeFileSync(join(own.path, 'state.json'), text)
      expect(await claim(1)).toBe('unreliable')
    }
    // One that was killed while it opened keeps nobody out for good.
    rmSync(join(own.path, 'state.json'))
    writeFileSync(join(own.path, 'opening'), '')
    expect(await claim(1)).toBe('unreliable')
    own.remove()
  }, 20_000)

  test('killed in the middle of its work again and again, it resurrects nothing', async () => {
    const acknowledged = new Map<string, number>()
    const own = join(folder.path, 'own')
    const fixture = join(import.meta.dir, 'disk-writer.fixture.ts')
    let hits = 0
    let version = 0
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, [fixture, own, String(version)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      const enough = Promise.withResolvers<void>()
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.length > 12_000) enough.resolve()
      })
      const ended = new Promise((resolve) => child.once('close', resolve))
      await enough.promise
      child.kill('SIGKILL')
      await ended
      for (const [, name, found] of text.matchAll(/^i (\S+) (\d+)\n/gm)) {
        acknowledged.set(name!, Number(found))
        version = Math.max(version, Number(found) + 1)
      }
      const found = await openDiskLevel({
        ...optionsOf(own, clock),
        clock: { ...clock, nowMs: () => Date.now() },
        bytesMax: 400_000,
        bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      })
      for (const [name, invalidated] of acknowledged) {
        const answer = await found.get(`k${name}`)
        if (answer.state !== 'hit') continue
        hits += 1
        const stored = Number.parseInt(new TextDecoder().decode(answer.entry.body), 10)
        expect(stored).toBeGreaterThan(invalidated)
      }
      await found.close()
    }
    expect(acknowledged.size).toBe(28)
    expect(hits).toBeGreaterThan(0)
  }, 60_000)
})

describe('a full disk', () => {
  const mount = makeFolder()
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mount.path]).status === 0
  if (!isMounted) {
    process.stderr.write(
      'no file system of a test’s own can be mounted: a full disk is not tested\n',
    )
    mount.remove()
  }

  test.skipIf(!isMounted)('turns writing off, forgets rather than errs, and recovers', async () => {
    const clock = createManualClock()
    const folder = join(mount.path, 'cache')
    mkdirSync(folder)
    const level = await openDiskLevel({
      ...optionsOf(folder, clock),
      bytesMax: 10_000_000,
      pauseMs: 1000,
    })
    const body = 'x'.repeat(10_000)
    try {
      const outcomes: string[] = []
      for (let at = 0; at < 60; at += 1) {
        outcomes.push(await put(level, `k${at}`, entryOf(clock, body, { tags: [`t${at}`] })))
      }
      expect(new Set(outcomes)).toEqual(new Set(['stored', 'unavailable']))
      expect(outcomes.at(-1)).toBe('unavailable')
      expect(level.fault()).toContain('ENOSPC')
      expect((await level.get('k0')).state).toBe('hit')
      // Nothing is left to write down an invalidation: all is forgotten, and the room is free again.
      writeFileSync(join(mount.path, 'ballast'), '')
      spawnSync('dd', ['if=/dev/zero', `of=${join(mount.path, 'ballast')}`, 'bs=1k', 'count=400'])
      for (let at = 0; at < 60; at += 1) await level.invalidate({ kind: 'tag', name: `t${at}` })
      expect(level.stats().bytes).toBeLessThan(5000)
      expect((await level.get('k0')).state).toBe('miss')
      clock.advance(1000)
      expect(await put(level, 'k', entryOf(clock, body))).toBe('stored')
      expect(level.fault()).toBeUndefined()
      expect(fenceOf(await level.get('k'))).toBeDefined()
    } finally {
      await level.close()
      spawnSync('umount', [mount.path])
      mount.remove()
    }
  })
})
