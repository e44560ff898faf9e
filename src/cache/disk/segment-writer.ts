import type { Segment } from './segment.ts'
import { openSegment, writeAt } from './segment.ts'

/** Where a record was written. */
export interface Written {
  readonly segment: Segment
  readonly offset: number
}

interface Append {
  readonly bytes: Uint8Array
  /** Something to do between two writes, in place of a record. */
  readonly task?: () => Promise<void>
  resolve(written: Written | undefined): void
}

/** What {@link createSegmentWriter} needs. */
export interface SegmentWriterOptions {
  readonly folder: string
  /** Number of the first segment to write. */
  readonly first: number
  readonly segmentBytes: number
  /** Hears of each segment that is begun. */
  readonly onSegment: (segment: Segment) => void
  /** Hears why writing failed. */
  readonly onFailure: (error: unknown) => void
}

/** Appends records to the newest segment, in order; records that wait at the same time share a write. */
export interface SegmentWriter {
  /**
   * Resolves once the record has been handed to the operating system; with `undefined` if that failed, in which case
   * nothing of it is in the file.
   */
  append(bytes: Uint8Array): Promise<Written | undefined>
  /** How many bytes are waiting or being written. */
  waitingBytes(): number
  /** The segment that is being written, if there is one. */
  active(): Segment | undefined
  /**
   * Runs a task after everything appended before it and before everything appended later; the segment that was being
   * written ends first. Rejects when the task does.
   */
  run(task: () => Promise<void>): Promise<void>
  /** Resolves when everything that waits has been written or has failed. */
  idle(): Promise<void>
}

const GROUP_BYTES = 1_048_576
const NOTHING = new Uint8Array(0)

/** Creates a {@link SegmentWriter}; it makes a file when it has something to write. */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { folder, segmentBytes } = options
  const groupBytes = Math.min(GROUP_BYTES, segmentBytes)
  let next = options.first
  let active: Segment | undefined
  const waiting: Append[] = []
  let waitingBytes = 0
  let writing: Promise<void> | undefined

  const takeGroup = (): readonly Append[] => {
    let bytes = 0
    let count = 0
    for (const append of waiting) {
      if (count > 0 && (append.task !== undefined || bytes + append.bytes.length > groupBytes))
        break
      bytes += append.bytes.length
      count += 1
      if (append.task !== undefined) break
    }
    return waiting.splice(0, count)
  }
  const segmentFor = async (bytes: number): Promise<Segment> => {
    if (active !== undefined && active.bytes + bytes <= segmentBytes) return active
    active = undefined
    const segment = await openSegment(folder, next, 'create')
    next += 1
    active = segment
    options.onSegment(segment)
    return segment
  }
  const writeGroup = async (group: readonly Append[]): Promise<void> => {
    const total = group.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const joined = new Uint8Array(total)
    const offsets: number[] = []
    let filled = 0
    for (const { bytes } of group) {
      offsets.push(filled)
      joined.set(bytes, filled)
      filled += bytes.length
    }
    const segment = await segmentFor(total)
    const start = segment.bytes
    try {
      await writeAt(segment, start, joined)
    } catch (error) {
      // A half-written record must not precede the next one.
      await segment.handle.truncate(start).catch(() => seal())
      throw error
    }
    segment.bytes = start + total
    for (const [at, append] of group.entries()) {
      append.resolve({ segment, offset: start + offsets[at]! })
    }
  }
  const seal = (): void => {
    active = undefined
  }
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = takeGroup()
      const task = group[0]?.task
      try {
        if (task === undefined) await writeGroup(group)
        else {
          seal()
          await task()
        }
      } catch (error) {
        options.onFailure(error)
        for (const append of group) append.resolve(undefined)
      }
      for (const { bytes } of group) waitingBytes -= bytes.length
    }
    // In the same turn as the last look at what waits: nothing can come between.
    writing = undefined
  }
  const enqueue = (append: Append): void => {
    waiting.push(append)
    waitingBytes += append.bytes.length
    writing ??= Promise.resolve().then(writeAll)
  }
  return {
    append: async (bytes) => new Promise((resolve) => enqueue({ bytes, resolve })),
    waitingBytes: () => waitingBytes,
    active: () => active,
    run: async (task) =>
      new Promise((resolve, reject) => {
        const settled = async (): Promise<void> => task().then(resolve, reject)
        enqueue({ bytes: NOTHING, task: settled, resolve: () => undefined })
      }),
    async idle() {
      for (let current = writing; current !== undefined; current = writing) await current
    },
  }
}
