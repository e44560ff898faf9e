import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogSegment } from '../log.ts'

const NAME = /^(\d{12})\.log$/
const READ_BYTES = 65_536

export const LINE_FEED = 0x0a

/** The file of a segment; names sort like their numbers. */
export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(12, '0')}.log`)
}

/** The segments of a folder, oldest first. The last is the one that grows. */
export async function listSegments(folder: string): Promise<readonly LogSegment[]> {
  const numbers = (await readdir(folder))
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
  const sizes = await Promise.all(numbers.map(async (at) => sizeOf(segmentPath(folder, at))))
  const present = numbers.flatMap((segment, at) => {
    const bytes = sizes[at]
    return bytes === undefined ? [] : [{ segment, bytes }]
  })
  const last = present.at(-1)?.segment
  return present.map(({ segment, bytes }) => ({ segment, bytes, sealed: segment !== last }))
}

/** Creates the folder and the file of a new segment; resolves when both are on disk. */
export async function createSegment(folder: string, segment: number): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const handle = await open(segmentPath(folder, segment), 'ax', 0o600)
  await syncFolder(folder)
  return handle
}

export async function removeSegments(folder: string, segments: readonly number[]): Promise<void> {
  for (const segment of segments) await unlink(segmentPath(folder, segment))
  if (segments.length > 0) await syncFolder(folder)
}

/** Makes names created or removed in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes all bytes to the end of a file that was opened for appending. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written)
    written += bytesWritten
  }
}

/** The bytes after the last line feed among the first `size` bytes of a file. */
export async function tornTail(path: string, size: number): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const buffer = new Uint8Array(READ_BYTES)
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - READ_BYTES)
      const { bytesRead } = await handle.read(buffer, 0, end - start, start)
      const last = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED)
      if (last >= 0) return size - (start + last + 1)
      end = start
    }
    return size
  } finally {
    await handle.close()
  }
}

/** A complete line of a file, and the offset at which it starts. */
export interface Line {
  readonly offset: number
  readonly line: Uint8Array
}

/** The complete lines of a file from `offset` up to `end`, batch by batch. */
export async function* readLines(
  path: string,
  offset: number,
  end: number,
): AsyncGenerator<readonly Line[]> {
  const handle = await open(path, 'r')
  try {
    let rest = new Uint8Array(0)
    let at = offset
    while (at < end) {
      const chunk = new Uint8Array(Math.min(READ_BYTES, end - at))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) return
      const bytes = joined(rest, chunk.subarray(0, bytesRead))
      const lines = splitLines(bytes, at - rest.length)
      at += bytesRead
      const last = lines.at(-1)
      const consumed = last === undefined ? 0 : last.offset + last.line.length + 1
      rest = last === undefined ? bytes : bytes.subarray(bytes.length - (at - consumed))
      if (lines.length > 0) yield lines
    }
  } finally {
    await handle.close()
  }
}

function splitLines(bytes: Uint8Array, base: number): readonly Line[] {
  const lines: Line[] = []
  let start = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push({ offset: base + start, line: bytes.subarray(start, end) })
    start = end + 1
  }
  return lines
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
