import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/error-message.ts'
import type { PositionTable } from '../levels/position-table.ts'
import type { EntryIndex } from './entry-index.ts'
import type { FrameHead } from './frame.ts'
import { encodeFrame, HEAD_BYTES } from './frame.ts'
import type { ReclaimPlan } from './reclaim.ts'
import { reclaimSegment } from './reclaim.ts'
import type { Replayed } from './replay.ts'
import { replaySegments } from './replay.ts'
import type { Segment } from './segment.ts'
import { removeSegment } from './segment.ts'
import type { SegmentWriter, Written } from './segment-writer.ts'
import { createSegmentWriter } from './segment-writer.ts'

/** What {@link SegmentStore} needs. */
export interface SegmentStoreOptions {
  readonly folder: string
  readonly bytesMax: number
  readonly index: EntryIndex
  readonly table: PositionTable
  readonly clock: Clock
  readonly pauseMs?: number
  readonly onEvict: () => void
}

/** How many bytes of records may wait to be written. */
const WAITING_BYTES_MAX = 16_777_216

const SEGMENTS = 16
const SEGMENT_BYTES_MIN = 16_384
const SEGMENT_BYTES_MAX = 67_108_864
const PAUSE_MS = 30_000
/** If more than this share of a segment is dead, it is worth moving the rest. */
const DEAD_SHARE_MAX = 0.6
/** When room is needed, at most this share of the oldest segment is kept: entries that were asked for. */
const KEPT_SHARE = 0.25

/** The segments of a folder: appends records, stays within the bytes allowed, and copes with a full disk. */
export class SegmentStore {
  readonly #options: SegmentStoreOptions
  readonly #segmentBytes: number
  /** Of a segment that is reclaimed, what stays besides it until it is gone. */
  readonly #movedBytesMax: number
  #writer: SegmentWriter
  #segments: Segment[] = []
  #fault: string | undefined
  #pausedUntilMs = -Infinity
  #reclaiming: Promise<void> | undefined
  #isOpen = true

  constructor(options: SegmentStoreOptions) {
    this.#options = options
    const share = Math.floor(options.bytesMax / SEGMENTS)
    this.#segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.max(SEGMENT_BYTES_MIN, share))
    this.#movedBytesMax = Math.floor(this.#segmentBytes * KEPT_SHARE)
    this.#writer = this.#writeFrom(1)
  }

  /** Reads what is there. Writing always begins a new file, so nothing is written after a torn tail. */
  async open(): Promise<Replayed> {
    const { folder, index, table } = this.#options
    const found = await replaySegments(folder, index, table)
    this.#segments = [...found.segments]
    this.#writer = this.#writeFrom((found.segments.at(-1)?.number ?? 0) + 1)
    this.#reclaimSoon()
    return found
  }

  /** Whether a record of this size can be kept. */
  fits(payloadBytes: number): boolean {
    return payloadBytes + HEAD_BYTES <= this.#segmentBytes
  }

  /**
   * Whether a record of this size may be written now, within the bytes allowed, which include what waits and what a
   * reclaimed segment moves. If not, making room begins.
   */
  hasRoom(payloadBytes: number): boolean {
    const waitingBytes = this.#writer.waitingBytes() + payloadBytes + HEAD_BYTES
    if (waitingBytes > WAITING_BYTES_MAX) return false
    if (this.bytes() + waitingBytes <= this.#options.bytesMax - this.#movedBytesMax) return true
    this.#reclaimSoon()
    // Only the growing segment could be reclaimed; it can be once the next segment begins.
    return this.#segments.length < 2 && this.#writer.waitingBytes() === 0
  }

  bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Why nothing could be written lately. */
  fault(): string | undefined {
    return this.#fault
  }

  /** Whether writing is not tried because it failed a moment ago. */
  isPaused(): boolean {
    return this.#options.clock.monotonicMs() < this.#pausedUntilMs
  }

  /** Appends a record; `undefined` when that failed. */
  async append(
    head: Omit<FrameHead, 'payloadBytes' | 'payloadCrc'>,
    payload: Uint8Array,
  ): Promise<Written | undefined> {
    const written = await this.#writer.append(encodeFrame(head, payload))
    if (written !== undefined && !this.isPaused()) this.#fault = undefined
    return written
  }

  /** Removes everything that was appended before. Rejects when a file cannot be removed. */
  async wipe(): Promise<void> {
    await this.#writer.run(async () => {
      this.#options.index.clear()
      const gone = this.#segments
      this.#segments = []
      for (const [at, segment] of gone.entries()) {
        try {
          await removeSegment(segment)
        } catch (error) {
          this.#segments = [...gone.slice(at), ...this.#segments]
          throw error
        }
      }
    })
  }

  /** Writes out and closes; whether everything is on disk. */
  async close(): Promise<boolean> {
    this.#isOpen = false
    await this.#reclaiming
    await this.#writer.idle()
    let isClean = this.#fault === undefined
    for (const { handle } of this.#segments) {
      try {
        await handle.sync()
        await handle.close()
      } catch {
        isClean = false
      }
    }
    return isClean
  }

  #writeFrom(first: number): SegmentWriter {
    const { folder } = this.#options
    return createSegmentWriter({
      folder,
      first,
      segmentBytes: this.#segmentBytes,
      onSegment: (segment) => {
        this.#segments.push(segment)
        this.#reclaimSoon()
      },
      onFailure: (error) => this.#pause(error),
    })
  }

  #pause(error: unknown): void {
    const { clock, pauseMs = PAUSE_MS } = this.#options
    this.#fault = messageOf(error)
    this.#pausedUntilMs = clock.monotonicMs() + pauseMs
  }

  #reclaimSoon(): void {
    this.#reclaiming ??= this.#reclaim()
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        this.#reclaiming = undefined
      })
  }

  async #reclaim(): Promise<void> {
    for (;;) {
      const next = this.#isOpen ? this.#choose() : undefined
      if (next === undefined) return
      const { segment, plan } = next
      await reclaimSegment(segment, plan, {
        ...this.#options,
        writer: this.#writer,
        nowMs: () => this.#options.clock.nowMs(),
      })
      this.#segments = this.#segments.filter((other) => other !== segment)
    }
  }

  /** The segment to take next, and what to keep of it. */
  #choose(): { readonly segment: Segment; readonly plan: ReclaimPlan } | undefined {
    const sealed = this.#segments.filter((segment) => segment !== this.#writer.active())
    const [oldest] = sealed
    if (oldest === undefined) return undefined
    const needed = this.#segmentBytes + this.#movedBytesMax
    if (oldest.liveBytes === 0 || this.bytes() > this.#options.bytesMax - needed) {
      const plan = { keepBytes: this.#movedBytesMax, isUsedOnly: true, hasOlder: false }
      return { segment: oldest, plan }
    }
    const worn = sealed.find(({ deadBytes, bytes }) => deadBytes > bytes * DEAD_SHARE_MAX)
    if (worn === undefined) return undefined
    const plan = { keepBytes: Infinity, isUsedOnly: false, hasOlder: worn !== oldest }
    return { segment: worn, plan }
  }
}
