import { crc32c } from '../levels/crc32c.ts'

/** What a record of a segment is. */
export const FRAME = {
  /** An entry. */
  entry: 1,
  /** An invalidation: what depends on its name and was read at an earlier position is void. */
  invalidation: 2,
  /** How far this level is in the shared order of invalidations. */
  mark: 3,
} as const

export type FrameType = (typeof FRAME)[keyof typeof FRAME]

/** The head of a record: enough to find an entry again without reading it. */
export interface FrameHead {
  readonly type: FrameType
  /** Bytes of what follows the head. */
  readonly payloadBytes: number
  /** The position of an invalidation, or the one before the value of an entry was read. */
  readonly position: number
  /** Number of the write: of two entries with the same key, the higher one counts. */
  readonly serial: number
  readonly keyHash: number
  readonly expiresMs: number
  /** Checksum of a small payload; entries have a checksum of their own, checked when they are read. */
  readonly payloadCrc: number
}

/** Bytes of a head. */
export const HEAD_BYTES = 56

const MAGIC = 0x74675332

/** Puts a head before a payload. */
export function encodeFrame(
  head: Omit<FrameHead, 'payloadBytes' | 'payloadCrc'>,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(8, head.type)
  view.setUint32(12, payload.length)
  view.setFloat64(16, head.position)
  view.setFloat64(24, head.serial)
  view.setFloat64(32, head.keyHash)
  view.setFloat64(40, head.expiresMs)
  view.setUint32(48, head.type === FRAME.entry ? 0 : crc32c(payload))
  view.setUint32(4, crc32c(bytes, 8, HEAD_BYTES))
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** Reads the head at `at`; `undefined` when it is not one. The bytes must reach as far as a head does. */
export function decodeHead(bytes: Uint8Array, at = 0): FrameHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES)
  if (view.getUint32(0) !== MAGIC) return undefined
  if (view.getUint32(4) !== crc32c(bytes, at + 8, at + HEAD_BYTES)) return undefined
  const type = Object.values(FRAME).find((known) => known === view.getUint32(8))
  if (type === undefined) return undefined
  return {
    type,
    payloadBytes: view.getUint32(12),
    position: view.getFloat64(16),
    serial: view.getFloat64(24),
    keyHash: view.getFloat64(32),
    expiresMs: view.getFloat64(40),
    payloadCrc: view.getUint32(48),
  }
}
