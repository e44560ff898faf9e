import * as fs from 'node:fs'
import { join } from 'node:path'
import type { Log, LogPosition } from '../storage/index.ts'

const LINE_FEED = Buffer.from('\n')
const CHUNK_BYTES = 65_536

/** Path of a segment within a test log's folder. */
export const segmentPath = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(10, '0')}.log`)

/** A log in plain files, one a segment, with the contract of {@link Log} and nothing more. */
export async function openTestLog(folder: string): Promise<Log> {
  fs.mkdirSync(folder, { recursive: true })
  const list = (): number[] =>
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
  let current = list().at(-1) ?? 1
  let file = fs.openSync(segmentPath(folder, current), 'a')
  let bytes = fs.fstatSync(file).size
  const torn = (): number => {
    const content = fs.readFileSync(segmentPath(folder, current))
    return content.length - (content.lastIndexOf(LINE_FEED) + 1)
  }
  return {
    async append(frames, { sync }) {
      const joined = Buffer.concat(frames.flatMap((frame) => [frame, LINE_FEED]))
      const position = { segment: current, offset: bytes }
      if (joined.length > 0) fs.writeSync(file, joined)
      bytes += joined.length
      if (sync) fs.fsyncSync(file)
      return position
    },
    async rotate() {
      fs.closeSync(file)
      current += 1
      file = fs.openSync(segmentPath(folder, current), 'a')
      bytes = 0
    },
    async segments() {
      return list().map((segment) => ({
        segment,
        bytes: fs.statSync(segmentPath(folder, segment)).size,
        sealed: segment !== current,
      }))
    },
    async *read(from) {
      for (const segment of list().filter((known) => known >= from.segment)) {
        const start = segment === from.segment ? from.offset : 0
        yield* readSegment(segmentPath(folder, segment), segment, start)
      }
    },
    tornBytes: async () => torn(),
    async heal() {
      const removed = torn()
      bytes = fs.statSync(segmentPath(folder, current)).size - removed
      fs.truncateSync(segmentPath(folder, current), bytes)
      return removed
    },
    async dropBefore(segment) {
      const dropped = list().filter((known) => known < segment)
      for (const known of dropped) fs.rmSync(segmentPath(folder, known))
      return dropped.length
    },
    close: async () => fs.closeSync(file),
  }
}

function* readSegment(
  path: string,
  segment: number,
  start: number,
): Generator<{ position: LogPosition; frame: Uint8Array }> {
  const file = fs.openSync(path, 'r')
  try {
    let buffer = Buffer.alloc(CHUNK_BYTES)
    let held = 0
    let offset = start
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)])
      const got = fs.readSync(file, buffer, held, buffer.length - held, offset + held)
      if (got === 0) return
      held += got
      let at = 0
      for (;;) {
        const end = buffer.subarray(0, held).indexOf(LINE_FEED, at)
        if (end < 0) break
        yield { position: { segment, offset: offset + at }, frame: buffer.subarray(at, end) }
        at = end + 1
      }
      buffer.copyWithin(0, at, held)
      held -= at
      offset += at
    }
  } finally {
    fs.closeSync(file)
  }
}
