import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Folder } from '../contract/folder.ts'
import { makeFolder } from '../contract/folder.ts'
import { describeLog, frames, LOG_START, textsFrom } from '../contract/log.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import { openFileLog, readFileLog } from './log.ts'
import { segmentPath } from './segment-files.ts'

describeLog('files', async (options) => {
  const folder = makeFolder()
  const log = await openFileLog({ folder: join(folder.path, 'log'), ...options })
  return {
    log,
    end: async () => {
      await log.close()
      folder.remove()
    },
  }
})

let folder: Folder
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

describe('log files', () => {
  test('go on where they ended, and are their owner’s alone', async () => {
    const first = await openFileLog({ folder: folder.path })
    await first.append(frames('a'), { sync: false })
    await first.close()
    const second = await openFileLog({ folder: folder.path })
    expect(await second.append(frames('b'), { sync: true })).toEqual({ segment: 1, offset: 2 })
    expect(await textsFrom(second)).toEqual(['a', 'b'])
    await second.close()
    const [name] = readdirSync(folder.path)
    expect(statSync(join(folder.path, name!)).mode & 0o777).toBe(0o600)
  })

  test('a torn tail is reported, left out, and cut off before anything is appended', async () => {
    const first = await openFileLog({ folder: folder.path })
    await first.append(frames('whole'), { sync: true })
    await first.close()
    appendFileSync(join(folder.path, readdirSync(folder.path)[0]!), 'torn fra')
    expect(await readFileLog(folder.path).tornBytes()).toBe(8)
    const second = await openFileLog({ folder: folder.path })
    expect(await second.tornBytes()).toBe(8)
    expect(await textsFrom(second)).toEqual(['whole'])
    const error = await thrownBy(async () => second.append(frames('b'), { sync: true }))
    expect(error.message).toContain('heal')
    expect(await second.heal()).toBe(8)
    expect(await second.tornBytes()).toBe(0)
    await second.append(frames('b'), { sync: true })
    await second.close()
    expect(await textsFrom(readFileLog(folder.path))).toEqual(['whole', 'b'])
  })

  test('a log that is nothing but a torn frame heals to empty', async () => {
    await (await openFileLog({ folder: folder.path })).close()
    appendFileSync(join(folder.path, readdirSync(folder.path)[0]!), 'x'.repeat(150_000))
    const log = await openFileLog({ folder: folder.path })
    expect(await log.heal()).toBe(150_000)
    expect(await log.append(frames('a'), { sync: true })).toEqual({ segment: 1, offset: 0 })
    await log.close()
  })

  test('reading goes on while others append, and sees what was there when it began', async () => {
    const log = await openFileLog({ folder: folder.path, segmentBytesMax: 100 })
    for (let at = 0; at < 50; at++) await log.append(frames(`frame ${at}`), { sync: false })
    let read = 0
    for await (const { frame } of log.read(LOG_START)) {
      expect(Buffer.from(frame).toString()).toBe(`frame ${read++}`)
      if (read % 10 === 0) await log.append(frames('later'), { sync: false })
    }
    expect(read).toBeGreaterThanOrEqual(50)
    await log.close()
  })

  const tampered: readonly (readonly [string, (path: string) => void])[] = [
    ['moved', (path) => renameSync(path, `${path}.1`)],
    ['removed', (path) => rmSync(path)],
    [
      'copied and moved',
      (path) => (renameSync(path, `${path}.1`), copyFileSync(`${path}.1`, path)),
    ],
    ['cut', (path) => truncateSync(path, 0)],
    ['written by another', (path) => appendFileSync(path, 'theirs\n')],
  ]
  test.each(tampered)(
    'whose file was %s take nothing more: an append is refused, not lost',
    async (_how, tamper) => {
      const log = await openFileLog({ folder: folder.path })
      await log.append(frames('a'), { sync: true })
      tamper(segmentPath(folder.path, 1))
      for (const sync of [false, true]) {
        const error = await thrownBy(async () => log.append(frames('b'), { sync }))
        expect(error.message).toContain('failed and is closed')
        expect(String(error.cause)).toMatch(/its file was|its place/)
      }
      await log.close()
    },
  )

  test('that must be there are not begun', async () => {
    const absent = join(folder.path, 'log')
    const error = await thrownBy(async () => openFileLog({ folder: absent, create: false }))
    expect(error.message).toContain(absent)
    expect(existsSync(absent)).toBe(false)
  })

  test.skipIf(!existsSync('/dev/full'))('a failed write closes the log for good', async () => {
    symlinkSync('/dev/full', segmentPath(folder.path, 1))
    const log = await openFileLog({ folder: folder.path })
    const waiting = ['a', 'b'].map(async (text) => log.append(frames(text), { sync: true }))
    for (const append of waiting) {
      expect((await thrownBy(async () => append)).message).toContain('failed and is closed')
    }
    await thrownBy(async () => log.append(frames('c'), { sync: false }))
    await thrownBy(async () => log.rotate())
    await log.close()
  })

  test('kill -9: every acknowledged frame is there, and at most one is torn', async () => {
    const path = join(folder.path, 'log')
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      const child = Bun.spawn({
        cmd: [process.execPath, join(import.meta.dir, 'appender.fixture.ts'), path, String(round)],
        stdout: 'pipe',
      })
      let text = ''
      const decoder = new TextDecoder()
      for await (const chunk of child.stdout) {
        text += decoder.decode(chunk)
        if (text.split('\n').length > 100) child.kill('SIGKILL')
      }
      await child.exited
      acknowledged.push(...text.split('\n').slice(0, -1))
      const log = await openFileLog({ folder: path, segmentBytesMax: 4096 })
      await log.heal()
      const stored = new Set(await textsFrom(log))
      expect(acknowledged.filter((line) => !stored.has(line))).toEqual([])
      await log.close()
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(300)
  })
})
