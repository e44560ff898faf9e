import type { Log, LogFrame, LogPosition, LogSegment } from '../log.ts'
import { splitLines } from '../log.ts'

const LINE_FEED = 0x0a

interface Segment {
  readonly segment: number
  bytes: number
  readonly frames: LogFrame[]
}

/** A copy, even of a `Buffer`, whose own `slice` is a view. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** A {@link Log} in memory, for tests and gates that keep nothing. It never has a torn tail. */
export function createMemoryLog(options: { readonly segmentBytesMax?: number } = {}): Log {
  const { segmentBytesMax = Infinity } = options
  let segments: Segment[] = [{ segment: 1, bytes: 0, frames: [] }]
  let open = true

  const requireOpen = (): void => {
    if (!open) throw new Error('the log is closed')
  }
  const last = (): Segment => segments.at(-1)!
  const rotate = (): void => {
    segments.push({ segment: last().segment + 1, bytes: 0, frames: [] })
  }

  const append = (frames: readonly Uint8Array[]): LogPosition => {
    requireOpen()
    if (frames.some((frame) => frame.includes(LINE_FEED))) {
      throw new TypeError('a frame must not hold a line feed')
    }
    const bytes = frames.reduce((sum, frame) => sum + frame.length + 1, 0)
    if (last().bytes > 0 && last().bytes + bytes > segmentBytesMax) rotate()
    const target = last()
    const first = { segment: target.segment, offset: target.bytes }
    for (const frame of frames) {
      const position = { segment: target.segment, offset: target.bytes }
      target.frames.push({ position, frame: copyOf(frame) })
      target.bytes += frame.length + 1
    }
    return first
  }

  return {
    append: async (frames) => append(frames),
    appendLines: async (lines) => append(splitLines(lines)),
    rotate: async () => {
      requireOpen()
      rotate()
    },
    segments: async (): Promise<readonly LogSegment[]> =>
      segments.map(({ segment, bytes }, at) => ({
        segment,
        bytes,
        sealed: at + 1 < segments.length,
      })),
    read: (from) => readFrames(segments, from),
    tornBytes: async () => 0,
    heal: async () => 0,
    dropBefore: async (segment) => {
      const kept = segments.filter((found) => found.segment >= segment || found === last())
      const dropped = segments.length - kept.length
      segments = kept
      return dropped
    },
    close: async () => {
      open = false
    },
  }
}

async function* readFrames(
  segments: readonly Segment[],
  from: LogPosition,
): AsyncGenerator<LogFrame> {
  const begun = segments.map(({ segment, frames }) => ({ segment, frames: [...frames] }))
  for (const { segment, frames } of begun) {
    if (segment < from.segment) continue
    const start = segment === from.segment ? from.offset : 0
    for (const { position, frame } of frames) {
      if (position.offset >= start) yield { position, frame: copyOf(frame) }
    }
  }
}
