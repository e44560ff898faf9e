import type { Clock } from '../../core/clock.ts'
import { toHex } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import type {
  EntryMeta,
  Invalidation,
  LevelAnswer,
  LevelOutcome,
  LevelStats,
  StoredEntry,
} from '../contract.ts'
import type { FencedLevel } from '../levels/layered-store.ts'
import { createCounts } from '../levels/counts.ts'
import { decodeEntry, encodeEntry } from '../levels/entry-codec.ts'
import { namesOf } from '../levels/names-of.ts'
import { createPositionTable } from '../levels/position-table.ts'
import { claimFolder, readBootId, writeState } from './boot-state.ts'
import type { IndexedEntry } from './entry-index.ts'
import { createEntryIndex, hashOfKey } from './entry-index.ts'
import type { FrameType } from './frame.ts'
import { FRAME, HEAD_BYTES } from './frame.ts'
import { encodeInvalidation } from './replay.ts'
import { SegmentStore } from './segment-store.ts'
import { listSegments, openSegment, readAt, removeSegment } from './segment.ts'

/** What {@link openDiskLevel} needs. */
export interface DiskLevelOptions {
  /** A folder of its own; one process at a time. */
  readonly folder: string
  /** The most bytes that all files may take together. */
  readonly bytesMax: number
  /** Larger entries are not stored. */
  readonly entryBytesMax: number
  /** Which entries may be on disk; an ALLOW never may. */
  readonly accepts: (meta: EntryMeta) => boolean
  readonly clock: Clock
  readonly random: Random
  /** How long nothing is written after a failed write; default 30 s. */
  readonly pauseMs?: number
  /** Identifies the boot of the machine; by default, what the system says. */
  readonly bootId?: string
  /**
   * Identifies this start of the program and the previous one. What any other start left here is not relied on,
   * because one in between may have invalidated it elsewhere.
   */
  readonly run?: { readonly id: string; readonly previousId: string | undefined }
}

/** A {@link Level} in files. */
export interface DiskLevel extends FencedLevel {
  /** The last place in the shared order of invalidations that it is known to have applied. */
  lastSequence(): string | undefined
  /** Notes that everything up to a place in the shared order was applied. */
  mark(sequence: string): Promise<void>
  /** Why nothing is written at present. */
  fault(): string | undefined
}

/** Another process uses the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError'
}

/**
 * Opens a level on disk (L2): append-only segments of checksummed records, with an index in memory, warm after a
 * restart. An invalidation is acknowledged only once its record has been handed to the operating system, so that a
 * killed process resurrects nothing; after a crash of the machine, the level starts empty. Nothing is synced while it
 * runs.
 */
export async function openDiskLevel(options: DiskLevelOptions): Promise<DiskLevel> {
  const { folder, bootId = readBootId() } = options
  const { run } = options
  const opening = { bootId, pid: process.pid, isAlive, run, runId: run?.id }
  const state = await claimFolder(folder, opening, async () => removeAll(folder))
  if (typeof state === 'object') {
    throw new FolderInUseError(`${folder} is in use by process ${state.usedBy}`)
  }
  const level = new FileLevel(options, bootId)
  await level.open()
  return level
}

class FileLevel implements DiskLevel {
  readonly name = 'disk'
  readonly #options: DiskLevelOptions
  readonly #bootId: string
  readonly #counts = createCounts()
  readonly #index = createEntryIndex()
  readonly #table
  readonly #self: string
  readonly #store: SegmentStore
  #position = 0
  #serial = 0
  #sequence: string | undefined
  #isOpen = true

  constructor(options: DiskLevelOptions, bootId: string) {
    const { random } = options
    this.#options = options
    this.#bootId = bootId
    this.#table = createPositionTable(random)
    this.#self = toHex(random.bytes(6))
    this.#store = new SegmentStore({
      ...options,
      index: this.#index,
      table: this.#table,
      onEvict: () => {
        this.#counts.evictions += 1
      },
    })
  }

  async open(): Promise<void> {
    const found = await this.#store.open()
    this.#position = found.position
    this.#serial = found.serial
    this.#sequence = found.sequence
    this.#counts.corrupt += found.damaged
  }

  async get(key: string, signal?: AbortSignal): Promise<LevelAnswer> {
    if (!this.#isOpen || signal?.aborted === true) {
      this.#counts.unavailable += 1
      return { state: 'unavailable', reason: this.#isOpen ? 'aborted' : 'closed' }
    }
    const fence = this.fence()
    const keyHash = hashOfKey(key)
    const found = this.#index.find(keyHash)
    const entry = found === undefined ? undefined : await this.#read(key, keyHash, found)
    if (entry === undefined) {
      this.#counts.misses += 1
      return { state: 'miss', fence }
    }
    this.#counts.hits += 1
    return { state: 'hit', entry, fence }
  }

  fence(): string {
    return `${this.#self}:${this.#position}`
  }

  async getMany(keys: readonly string[], signal?: AbortSignal): Promise<readonly LevelAnswer[]> {
    return Promise.all(keys.map(async (key) => this.get(key, signal)))
  }

  async set(key: string, entry: StoredEntry, fence: string): Promise<LevelOutcome> {
    const { clock, accepts, entryBytesMax } = this.#options
    const { meta } = entry
    if (!this.#isOpen) return 'unavailable'
    if (!accepts(meta) || meta.expiresMs <= clock.nowMs()) return 'refused'
    const position = this.#positionOf(fence)
    if (position === undefined || !this.#table.isCurrentSince(namesOf(key, meta), position)) {
      this.#counts.fenced += 1
      return 'fenced'
    }
    const payload = encodeEntry({ key, entry, asOf: '' })
    const payloadBytes = payload.length
    if (payloadBytes > entryBytesMax || !this.#store.fits(payloadBytes)) return 'refused'
    const head = {
      type: FRAME.entry,
      position,
      serial: (this.#serial += 1),
      keyHash: hashOfKey(key),
      expiresMs: meta.expiresMs,
    }
    const isTaken = !this.#store.isPaused() && this.#store.hasRoom(payloadBytes)
    const written = isTaken ? await this.#store.append(head, payload) : undefined
    if (written === undefined) {
      this.#counts.unavailable += 1
      return 'unavailable'
    }
    this.#index.put({ ...head, payloadBytes, payloadCrc: 0 }, written.segment, written.offset)
    this.#counts.stores += 1
    return 'stored'
  }

  async delete(key: string): Promise<void> {
    await this.invalidate({ kind: 'key', name: key })
  }

  async invalidate(invalidation: Invalidation): Promise<void> {
    if (!this.#isOpen) throw new Error('the cache on disk is closed')
    const { kind, sequence } = invalidation
    this.#position += 1
    this.#table.note(invalidation, this.#position)
    if (sequence !== undefined) this.#sequence = sequence
    // An invalidation that cannot be recorded must not be needed: without files, nothing can be resurrected.
    const isWritten = kind !== 'all' && (await this.#note(FRAME.invalidation, invalidation))
    if (isWritten) return
    await this.#store.wipe()
    if (this.#sequence !== undefined) await this.#noteSequence(this.#sequence)
  }

  async mark(sequence: string): Promise<void> {
    if (this.#sequence === sequence || !this.#isOpen || this.#store.isPaused()) return
    this.#sequence = sequence
    await this.#noteSequence(sequence)
  }

  lastSequence(): string | undefined {
    return this.#sequence
  }

  fault(): string | undefined {
    return this.#store.fault()
  }

  stats(): LevelStats {
    return { ...this.#counts, entries: this.#index.size(), bytes: this.#store.bytes() }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    const isClean = await this.#store.close()
    const run = this.#options.run?.id
    const state = { bootId: this.#bootId, isClean, pid: process.pid, run }
    await writeState(this.#options.folder, state).catch(() => undefined)
  }

  async #noteSequence(sequence: string): Promise<void> {
    await this.#note(FRAME.mark, { kind: 'all', name: '', sequence })
  }

  async #note(type: FrameType, invalidation: Invalidation): Promise<boolean> {
    const head = { type, position: this.#position, serial: 0, keyHash: 0, expiresMs: 0 }
    return (await this.#store.append(head, encodeInvalidation(invalidation))) !== undefined
  }

  async #read(key: string, keyHash: number, found: IndexedEntry): Promise<StoredEntry | undefined> {
    const nowMs = this.#options.clock.nowMs()
    if (found.expiresMs <= nowMs) {
      this.#counts.expired += 1
      this.#index.remove(keyHash, found)
      return undefined
    }
    const { segment, offset, payloadBytes } = found
    const payload = await readAt(segment, offset + HEAD_BYTES, payloadBytes).catch(() => undefined)
    const decoded = payload === undefined ? undefined : decodeEntry(payload)
    if (decoded === undefined) {
      // If its segment has been removed meanwhile, this is no damage.
      if (this.#index.remove(keyHash, found) && segment.removal === undefined) {
        this.#counts.corrupt += 1
      }
      return undefined
    }
    if (decoded.key !== key) return undefined
    const { meta } = decoded.entry
    // It is dated in the future, so the clock was set back, and its expiry cannot be relied on.
    const isDated = meta.createdMs <= nowMs
    if (!isDated || !this.#table.isCurrentSince(namesOf(key, meta), found.position)) {
      this.#index.remove(keyHash, found)
      return undefined
    }
    found.isUsed = true
    return decoded.entry
  }

  #positionOf(fence: string): number | undefined {
    const [self, digits = ''] = fence.split(':')
    if (self !== this.#self || !/^\d{1,15}$/.test(digits)) return undefined
    const position = Number(digits)
    return position <= this.#position ? position : undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function removeAll(folder: string): Promise<void> {
  for (const number of await listSegments(folder)) {
    await removeSegment(await openSegment(folder, number, 'read'))
  }
}
