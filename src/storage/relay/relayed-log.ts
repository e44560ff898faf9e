import type { Log, LogFrame, LogPosition } from '../log.ts'
import { splitLines } from '../log.ts'
import type { Caller } from './caller.ts'
import { decodeFrame, encodeBytes } from './wire.ts'

/** The log of another process. */
export function createRelayedLog(caller: Caller): Log {
  let open = true
  const append: Log['append'] = async (frames, { sync }) => {
    if (!open) throw new Error('the log is closed')
    return caller.call('append', [frames.map(encodeBytes), sync])
  }
  return {
    append,
    appendLines: async (lines, options) => append(splitLines(lines), options),
    rotate: async () => {
      await caller.call('rotate', [])
    },
    segments: async () => caller.call('segments', []),
    read: (from) => readPages(caller, from),
    tornBytes: async () => caller.call('tornBytes', []),
    heal: async () => caller.call('heal', []),
    dropBefore: async (segment) => caller.call('dropBefore', [segment]),
    close: async () => {
      open = false
    },
  }
}

/** Frames page by page, up to the segment that was open when reading began. */
async function* readPages(caller: Caller, from: LogPosition): AsyncGenerator<LogFrame> {
  const end = (await caller.call('segments', [])).at(-1)
  let next = from
  for (;;) {
    const page = (await caller.call('read', [next])).map(decodeFrame)
    for (const { position, frame } of page) {
      if (end !== undefined && isBeyond(position, end)) return
      yield { position, frame }
      next = { segment: position.segment, offset: position.offset + frame.length + 1 }
    }
    if (page.length === 0) return
  }
}

function isBeyond(
  position: LogPosition,
  end: { readonly segment: number; readonly bytes: number },
): boolean {
  if (position.segment !== end.segment) return position.segment > end.segment
  return position.offset >= end.bytes
}
