import { sha256 } from '../../core/digest.ts'
import type { FrameHead } from './frame.ts'
import { HEAD_BYTES } from './frame.ts'
import type { Segment } from './segment.ts'

/** Where the newest entry of a key is. */
export interface IndexedEntry {
  readonly segment: Segment
  readonly offset: number
  readonly payloadBytes: number
  readonly position: number
  readonly serial: number
  readonly expiresMs: number
  /** Whether it was asked for since it was written or moved. */
  isUsed: boolean
}

/** Which entries are on disk, by the hash of their key; bounded by the segments that are kept. */
export interface EntryIndex {
  find(keyHash: number): IndexedEntry | undefined
  /** Adds an entry, replacing an older one with the same key; a newer one stays. */
  put(head: FrameHead, segment: Segment, offset: number): void
  /** Removes an entry, if it is still this one. */
  remove(keyHash: number, entry: IndexedEntry): boolean
  clear(): void
  size(): number
}

/** The first 52 bits of the key's SHA-256, so that it stays the same after a restart. Entries hold the whole key. */
export function hashOfKey(key: string): number {
  const digest = sha256(key)
  const view = new DataView(digest.buffer, digest.byteOffset)
  return view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12)
}

/** Creates an empty {@link EntryIndex}. */
export function createEntryIndex(): EntryIndex {
  const entries = new Map<number, IndexedEntry>()
  const bury = ({ segment, payloadBytes }: IndexedEntry): void => {
    segment.liveBytes -= payloadBytes + HEAD_BYTES
    segment.deadBytes += payloadBytes + HEAD_BYTES
  }
  return {
    find: (keyHash) => entries.get(keyHash),
    put(head, segment, offset) {
      const { keyHash, payloadBytes, position, serial, expiresMs } = head
      if (segment.removal !== undefined) return
      segment.keys.push(keyHash)
      const older = entries.get(keyHash)
      if (older !== undefined && older.serial > serial) {
        segment.deadBytes += payloadBytes + HEAD_BYTES
        return
      }
      if (older !== undefined) bury(older)
      entries.set(keyHash, {
        segment,
        offset,
        payloadBytes,
        position,
        serial,
        expiresMs,
        isUsed: false,
      })
      segment.liveBytes += payloadBytes + HEAD_BYTES
    },
    remove(keyHash, entry) {
      if (entries.get(keyHash) !== entry) return false
      bury(entry)
      return entries.delete(keyHash)
    },
    clear: () => entries.clear(),
    size: () => entries.size,
  }
}
