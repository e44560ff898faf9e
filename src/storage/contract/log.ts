import { describe, expect, test } from 'bun:test'
import { utf8 } from '../../core/bytes.ts'
import type { Log, LogPosition } from '../log.ts'
import { thrownBy } from './thrown-by.ts'

/** Makes a log for one test, with a function that tears it down. */
export type LogFactory = (options: {
  readonly segmentBytesMax?: number
}) => Promise<{ log: Log; end: () => Promise<void> }>

/** The start of any log. */
export const LOG_START: LogPosition = { segment: 0, offset: 0 }

export const frames = (...texts: readonly string[]): readonly Uint8Array[] => texts.map(utf8)

/** The texts of all frames from a position on. */
export async function textsFrom(
  log: Pick<Log, 'read'>,
  from: LogPosition = LOG_START,
): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const { frame } of log.read(from)) texts.push(Buffer.from(frame).toString())
  return texts
}

/** Registers the tests that every {@link Log} adapter must pass. */
export function describeLog(adapter: string, create: LogFactory): void {
  const use = async (
    run: (log: Log) => Promise<void>,
    options: { readonly segmentBytesMax?: number } = {},
  ): Promise<void> => {
    const { log, end } = await create(options)
    try {
      await run(log)
    } finally {
      await end()
    }
  }
  describe(`log: ${adapter}`, () => {
    test('frames come back in order, from any position that was handed out', async () => {
      await use(async (log) => {
        const first = await log.append(frames('a', 'bb'), { sync: false })
        const second = await log.append(frames('', 'ü'), { sync: true })
        expect(first.offset).toBe(0)
        expect(second).toEqual({ segment: first.segment, offset: 5 })
        expect(await textsFrom(log)).toEqual(['a', 'bb', '', 'ü'])
        expect(await textsFrom(log, second)).toEqual(['', 'ü'])
      })
    })

    test('lines are taken as the frames they hold, and must be complete', async () => {
      await use(async (log) => {
        const first = await log.append(frames('a'), { sync: false })
        const second = await log.appendLines(utf8('bb\n\nü\n'), { sync: true })
        expect(second).toEqual({ segment: first.segment, offset: 2 })
        expect(await textsFrom(log, second)).toEqual(['bb', '', 'ü'])
        await thrownBy(async () => log.appendLines(utf8('c\nno end'), { sync: false }))
        expect(await textsFrom(log)).toEqual(['a', 'bb', '', 'ü'])
      })
    })

    test('bytes may be used again once they were appended', async () => {
      await use(async (log) => {
        for (const make of [(text: string) => Buffer.from(text), utf8]) {
          const lines = make('one\n')
          await log.appendLines(lines, { sync: false })
          lines.fill(0x78)
          const frame = make('two')
          await log.append([frame], { sync: false })
          frame.fill(0x78)
        }
        expect(await textsFrom(log)).toEqual(['one', 'two', 'one', 'two'])
      })
    })

    test('appends made at the same time keep the order of the calls', async () => {
      await use(async (log) => {
        const texts = Array.from({ length: 300 }, (_, at) => `frame ${at}`)
        const positions = await Promise.all(
          texts.map(async (text, at) => log.append(frames(text), { sync: at % 3 === 0 })),
        )
        expect(await textsFrom(log)).toEqual(texts)
        expect(await textsFrom(log, positions[150])).toEqual(texts.slice(150))
      })
    })

    test('each frame is read at the position it says', async () => {
      await use(
        async (log) => {
          for (let at = 0; at < 30; at++) await log.append(frames(`f${at}`, 'x'), { sync: false })
          for await (const { position, frame } of log.read(LOG_START)) {
            for await (const again of log.read(position)) {
              expect(again.frame).toEqual(frame)
              break
            }
          }
        },
        { segmentBytesMax: 50 },
      )
    })

    test('frames larger than any buffer come back whole', async () => {
      await use(async (log) => {
        const large = 'x'.repeat(200_000)
        await log.append(frames('a', large, 'b', large), { sync: true })
        expect(await textsFrom(log)).toEqual(['a', large, 'b', large])
      })
    })

    test('a segment is closed before it would grow too large, and on demand', async () => {
      await use(
        async (log) => {
          for (const text of ['12345678', '12345678', 'x'.repeat(30), 'y']) {
            await log.append(frames(text), { sync: false })
          }
          await log.rotate()
          await log.append(frames('z'), { sync: true })
          const segments = await log.segments()
          expect(segments.map(({ bytes }) => bytes)).toEqual([18, 31, 2, 2])
          expect(segments.map(({ sealed }) => sealed)).toEqual([true, true, true, false])
          expect(await textsFrom(log)).toEqual(['12345678', '12345678', 'x'.repeat(30), 'y', 'z'])
        },
        { segmentBytesMax: 20 },
      )
    })

    test('retention drops sealed segments and never the one that grows', async () => {
      await use(async (log) => {
        await log.append(frames('old'), { sync: false })
        await log.rotate()
        await log.append(frames('new'), { sync: false })
        const [, growing] = await log.segments()
        expect(await log.dropBefore(growing!.segment)).toBe(1)
        expect(await log.dropBefore(growing!.segment + 10)).toBe(0)
        expect(await textsFrom(log)).toEqual(['new'])
      })
    })

    test('a frame that would be two is refused and leaves nothing', async () => {
      await use(async (log) => {
        const error = await thrownBy(async () => log.append(frames('a', 'b\nc'), { sync: true }))
        expect(error.message).toContain('line feed')
        expect(await textsFrom(log)).toEqual([])
      })
    })

    test('a healthy log has nothing to heal', async () => {
      await use(async (log) => {
        await log.append(frames('a'), { sync: true })
        expect(await log.tornBytes()).toBe(0)
        expect(await log.heal()).toBe(0)
      })
    })

    test('a closed log refuses appends', async () => {
      await use(async (log) => {
        const last = log.append(frames('a'), { sync: false })
        await log.close()
        await last
        await thrownBy(async () => log.append(frames('b'), { sync: true }))
      })
    })
  })
}
