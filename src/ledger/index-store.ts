import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log, LogSegment } from '../storage/index.ts'
import type { Digest } from './chain.ts'
import type { RecordColumns } from './columns.ts'
import type { SegmentIndex, SegmentSummary } from './sidecar.ts'
import { scanSegment } from './scan.ts'
import { decodeSidecar, encodeSidecar, sealIndex } from './sidecar.ts'

/** Indexes of sealed segments: bounded in memory, in files beside the log, and rebuilt when needed. */
export interface IndexStore {
  summary(segment: LogSegment): Promise<SegmentSummary>
  columns(segment: LogSegment): Promise<RecordColumns>
  /** Takes the columns of a segment that has just been sealed. */
  seal(segment: LogSegment, columns: RecordColumns): Promise<void>
  /** Forgets segments before `segment`. */
  drop(segment: number): Promise<void>
}

/** What {@link createIndexStore} needs. Without `folder`, indexes are kept in memory only. */
export interface IndexStoreOptions {
  readonly log: Log
  readonly digest: Digest
  readonly folder: string | undefined
  readonly memoryBytes: number
}

const NAME_DIGITS = 10
const FILE = /^(\d{10})\.index$/

/**
 * Creates an {@link IndexStore}. Index files are a convenience: one that is missing, damaged or cannot be written is
 * rebuilt from the segment, which is the only source of truth.
 */
export function createIndexStore(options: IndexStoreOptions): IndexStore {
  const { log, digest, folder, memoryBytes } = options
  const summaries = new Map<number, SegmentSummary>()
  const cache = new Map<number, RecordColumns>()
  const loading = new Map<number, Promise<SegmentIndex>>()
  let cachedBytes = 0

  const evict = (segment: number): void => {
    cachedBytes -= cache.get(segment)?.bytes ?? 0
    cache.delete(segment)
  }
  const remember = (segment: number, index: SegmentIndex): void => {
    evict(segment)
    summaries.set(segment, index.summary)
    cache.set(segment, index.columns)
    cachedBytes += index.columns.bytes
    for (const oldest of cache.keys()) {
      if (cachedBytes <= memoryBytes || oldest === segment) break
      evict(oldest)
    }
  }
  const load = async (segment: LogSegment): Promise<SegmentIndex> => {
    const pending = loading.get(segment.segment)
    if (pending !== undefined) return pending
    const loaded = readOrRebuild(log, digest, folder, segment)
    loading.set(segment.segment, loaded)
    try {
      const index = await loaded
      remember(segment.segment, index)
      return index
    } finally {
      loading.delete(segment.segment)
    }
  }

  return {
    async summary(segment) {
      return summaries.get(segment.segment) ?? (await load(segment)).summary
    },
    async columns(segment) {
      const known = cache.get(segment.segment)
      if (known === undefined) return (await load(segment)).columns
      cache.delete(segment.segment)
      cache.set(segment.segment, known)
      return known
    },
    async seal(segment, columns) {
      const index = sealIndex(columns)
      remember(segment.segment, index)
      await writeSidecar(folder, segment, index)
    },
    async drop(before) {
      for (const segment of [...summaries.keys()].filter((known) => known < before)) {
        evict(segment)
        summaries.delete(segment)
      }
      if (folder !== undefined) await removeSidecars(folder, before)
    },
  }
}

async function readOrRebuild(
  log: Log,
  digest: Digest,
  folder: string | undefined,
  segment: LogSegment,
): Promise<SegmentIndex> {
  if (folder !== undefined) {
    const file = await readFile(pathOf(folder, segment.segment)).catch(() => undefined)
    const found = file === undefined ? undefined : decodeSidecar(file, segment.bytes)
    if (found !== undefined) return found
  }
  const index = sealIndex((await scanSegment(log, segment.segment, digest)).columns)
  await writeSidecar(folder, segment, index)
  return index
}

async function writeSidecar(
  folder: string | undefined,
  segment: LogSegment,
  index: SegmentIndex,
): Promise<void> {
  if (folder === undefined) return
  const path = pathOf(folder, segment.segment)
  const temporary = `${path}.new`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(temporary, encodeSidecar(index, segment.bytes), { mode: 0o600 })
    await rename(temporary, path)
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

async function removeSidecars(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const match = FILE.exec(name)
    if (match !== null && Number(match[1]) < before) await rm(join(folder, name), { force: true })
  }
}

const pathOf = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(NAME_DIGITS, '0')}.index`)
