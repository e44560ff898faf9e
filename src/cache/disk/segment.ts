import type { FileHandle } from 'node:fs/promises'
import { open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from '../levels/crc32c.ts'
import type { FrameHead } from './frame.ts'
import { decodeHead, FRAME, HEAD_BYTES } from './frame.ts'

/** A file of records, oldest first. */
export interface Segment {
  readonly number: number
  readonly path: string
  readonly handle: FileHandle
  bytes: number
  /** Bytes of entries that are still the newest of their key, and bytes of those that are not. */
  liveBytes: number
  deadBytes: number
  /** Set once its file is no longer needed: its removal, running or done. */
  removal: Promise<void> | undefined
  /** Hashes of the keys of its entries. */
  readonly keys: number[]
}

/** A record found in a segment. Payloads of entries are not read. */
export interface FoundFrame {
  readonly head: FrameHead
  readonly offset: number
  readonly payload: Uint8Array | undefined
}

/** How reading a segment ended. */
export type ScanEnd =
  | { readonly kind: 'whole' }
  /** The file ends within a record: the writer was killed. */
  | { readonly kind: 'torn'; readonly offset: number }
  /** Bytes are not as they were written. */
  | { readonly kind: 'damaged' }

const NAME = /^(\d{10})\.seg$/
const OWNER_ONLY = 0o600
const CHUNK_BYTES = 262_144

/** Numbers of the segments in a folder, ascending. */
export async function listSegments(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder)
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Opens a segment to read, or a new one to write. */
export async function openSegment(
  folder: string,
  number: number,
  mode: 'read' | 'create',
): Promise<Segment> {
  const path = join(folder, `${String(number).padStart(10, '0')}.seg`)
  const handle = await open(path, mode === 'read' ? 'r+' : 'wx+', OWNER_ONLY)
  const { size } = await handle.stat()
  return {
    number,
    path,
    handle,
    bytes: size,
    liveBytes: 0,
    deadBytes: 0,
    removal: undefined,
    keys: [],
  }
}

/** Removes the file of a segment, unless that has happened already, and closes it. */
export async function removeSegment(segment: Segment): Promise<void> {
  segment.removal ??= removeFile(segment).catch((error: unknown) => {
    segment.removal = undefined
    throw error
  })
  await segment.removal
}

async function removeFile({ path, handle }: Segment): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  await handle.close()
}

/** `length` bytes from `offset`, or fewer at the end of the file. */
export async function readAt(
  { handle }: Segment,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** Writes all of `bytes` at `offset`. */
export async function writeAt(
  { handle }: Segment,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const at = offset + written
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at)
    written += bytesWritten
  }
}

/** Visits the records of a segment in order, reading only heads and small payloads. */
export async function scanSegment(
  segment: Segment,
  visit: (frame: FoundFrame) => void,
): Promise<ScanEnd> {
  let chunk = new Uint8Array(0)
  let chunkAt = 0
  const bytesAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const start = offset - chunkAt
    if (start >= 0 && start + length <= chunk.length) return chunk.subarray(start, start + length)
    chunk = (await readAt(segment, offset, Math.max(length, CHUNK_BYTES))) as typeof chunk
    chunkAt = offset
    return chunk.subarray(0, length)
  }
  let offset = 0
  while (offset < segment.bytes) {
    if (offset + HEAD_BYTES > segment.bytes) return { kind: 'torn', offset }
    const head = decodeHead(await bytesAt(offset, HEAD_BYTES))
    if (head === undefined) return { kind: 'damaged' }
    const end = offset + HEAD_BYTES + head.payloadBytes
    if (end > segment.bytes) return { kind: 'torn', offset }
    let payload: Uint8Array | undefined
    if (head.type !== FRAME.entry) {
      payload = Uint8Array.from(await bytesAt(offset + HEAD_BYTES, head.payloadBytes))
      if (crc32c(payload) !== head.payloadCrc) return { kind: 'damaged' }
    }
    visit({ head, offset, payload })
    offset = end
  }
  return { kind: 'whole' }
}
