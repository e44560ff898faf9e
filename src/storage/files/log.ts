import type { Log, LogFrame, LogPosition } from '../log.ts'
import { LogWriter } from './log-writer.ts'
import {
  createSegment,
  listSegments,
  readLines,
  removeSegments,
  segmentPath,
  tornTail,
} from './segment-files.ts'

/** Where a log is stored. */
export interface FileLogOptions {
  /** The folder of its segments; created with mode 0700 if absent. */
  readonly folder: string
  /** A segment is closed before an append that would make it larger than this. Default: 64 MiB. */
  readonly segmentBytesMax?: number
  /** Whether a missing log is created; otherwise it is an error. Default: `true`. */
  readonly create?: boolean
}

const SEGMENT_BYTES_MAX = 64 * 1024 * 1024

/**
 * Opens a {@link Log} of files. Only one process may write it, so open the records of the same data folder first, which
 * lock it. A torn tail must be healed before the first append.
 */
export async function openFileLog(options: FileLogOptions): Promise<Log> {
  const { folder, segmentBytesMax = SEGMENT_BYTES_MAX, create = true } = options
  const last = await lastSegment(folder, create)
  const writer = new LogWriter({ folder, segmentBytesMax, ...last })
  await writer.open()
  return {
    append: async (frames, { sync }) => writer.append(frames, sync),
    appendLines: async (lines, { sync }) => writer.appendLines(lines, sync),
    rotate: async () => writer.rotate(),
    segments: async () => listSegments(folder),
    read: (from) => readFrames(folder, from, () => writer.end),
    tornBytes: async () => writer.torn,
    heal: async () => writer.heal(),
    dropBefore: async (segment) => {
      const sealed = (await listSegments(folder)).filter((found) => found.sealed)
      const old = sealed.map((found) => found.segment).filter((number) => number < segment)
      await removeSegments(folder, old)
      return old.length
    },
    close: async () => writer.close(),
  }
}

/** The read operations on a log that another process may be writing. */
export type LogReader = Pick<Log, 'segments' | 'read' | 'tornBytes'>

/** Reads a log's folder without touching it: for verifying and exporting. */
export function readFileLog(folder: string): LogReader {
  return {
    segments: async () => listSegments(folder),
    read: (from) => readFrames(folder, from, () => ({ segment: Infinity, offset: Infinity })),
    tornBytes: async () => {
      const last = (await listSegments(folder)).at(-1)
      return last === undefined ? 0 : tornTail(segmentPath(folder, last.segment), last.bytes)
    },
  }
}

async function lastSegment(
  folder: string,
  create: boolean,
): Promise<{ segment: number; size: number }> {
  const found = await listSegments(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  const last = found.at(-1)
  if (last !== undefined) return { segment: last.segment, size: last.bytes }
  if (!create) throw new Error(`there is no log in ${folder}`)
  await (await createSegment(folder, 1)).close()
  return { segment: 1, size: 0 }
}

async function* readFrames(
  folder: string,
  from: LogPosition,
  endNow: () => LogPosition,
): AsyncGenerator<LogFrame> {
  for (const { segment, bytes } of await listSegments(folder)) {
    if (segment < from.segment) continue
    const end = endNow()
    if (segment > end.segment) return
    const start = segment === from.segment ? from.offset : 0
    const limit = segment === end.segment ? Math.min(end.offset, bytes) : bytes
    for await (const lines of readLines(segmentPath(folder, segment), start, limit)) {
      for (const { offset, line } of lines) yield { position: { segment, offset }, frame: line }
    }
  }
}
