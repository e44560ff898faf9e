import { statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { LogPosition } from '../log.ts'
import { createSegment, LINE_FEED, segmentPath, tornTail, writeAll } from './segment-files.ts'

interface Append {
  readonly bytes: Uint8Array
  readonly sync: boolean
  /** Whether to close the segment after it; such an append is empty. */
  readonly rotate: boolean
  resolve(position: LogPosition): void
  reject(error: unknown): void
}

/** Where {@link LogWriter} starts. */
export interface LogWriterOptions {
  readonly folder: string
  readonly segment: number
  readonly size: number
  readonly segmentBytesMax: number
}

/**
 * Appends to the last segment. Appends that wait while one is being written share the next write, and those that
 * request it share one fsync. After a failed write or fsync it is unknown what is on disk: the writer fails for good,
 * and only opening the log again finds out. It also fails if the file that it writes is no longer the one that readers
 * find, because it was moved, removed, truncated or written by another process.
 */
export class LogWriter {
  readonly #folder: string
  readonly #segmentBytesMax: number
  #handle: FileHandle | undefined
  #inode = 0
  #segment: number
  #size: number
  #torn = 0
  #waiting: Append[] = []
  #writing: Promise<void> | undefined
  #failure: Error | undefined

  constructor(options: LogWriterOptions) {
    this.#folder = options.folder
    this.#segment = options.segment
    this.#size = options.size
    this.#segmentBytesMax = options.segmentBytesMax
  }

  /** The end of the written data; readers go no further. */
  get end(): LogPosition {
    return { segment: this.#segment, offset: this.#size }
  }

  /** Bytes of an incomplete frame that was found at the end when the log was opened. */
  get torn(): number {
    return this.#torn
  }

  /** Opens the last segment and looks for a torn tail. */
  async open(): Promise<void> {
    const path = segmentPath(this.#folder, this.#segment)
    await this.#use(await open(path, 'a', 0o600))
    this.#torn = await tornTail(path, this.#size)
  }

  /** Queues frames; positions are assigned in the order of the calls. */
  async append(frames: readonly Uint8Array[], sync: boolean): Promise<LogPosition> {
    return this.appendLines(encodeFrames(frames), sync)
  }

  /** Queues lines, which must not change until they are written. */
  async appendLines(lines: Uint8Array, sync: boolean): Promise<LogPosition> {
    if (this.#torn > 0) throw new Error('the log has a torn tail: heal it before appending')
    if (lines.length > 0 && lines[lines.length - 1] !== LINE_FEED) {
      throw new TypeError('lines must end with a line feed')
    }
    return this.#enqueue(lines, sync, false)
  }

  /** Closes the segment, all of it on disk, and opens the next. */
  async rotate(): Promise<void> {
    await this.#enqueue(new Uint8Array(0), true, true)
  }

  /** Cuts off the torn tail. */
  async heal(): Promise<number> {
    const removed = this.#torn
    if (removed === 0) return 0
    const handle = this.#requireHandle()
    await handle.truncate(this.#size - removed)
    await handle.sync()
    this.#size -= removed
    this.#torn = 0
    return removed
  }

  /** Writes what is queued, syncs and closes. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    const handle = this.#handle
    this.#handle = undefined
    if (handle === undefined) return
    try {
      if (this.#failure === undefined) await handle.sync()
    } finally {
      this.#failure ??= new Error('the log is closed')
      await handle.close()
    }
  }

  async #enqueue(bytes: Uint8Array, sync: boolean, rotate: boolean): Promise<LogPosition> {
    if (this.#failure !== undefined) throw this.#failure
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, sync, rotate, resolve, reject })
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined
      })
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      try {
        await this.#write(group)
      } catch (error) {
        this.#fail(error, group)
      }
    }
  }

  /** The appends that fit into the segment together, at least one. */
  #nextGroup(): readonly Append[] {
    let bytes = this.#size
    let count = 0
    for (const append of this.#waiting) {
      if (count > 0 && (bytes + append.bytes.length > this.#segmentBytesMax || append.rotate)) break
      bytes += append.bytes.length
      count++
      if (append.rotate) break
    }
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Append[]): Promise<void> {
    const total = group.reduce((sum, append) => sum + append.bytes.length, 0)
    const [first] = group
    const overflows = this.#size > 0 && this.#size + total > this.#segmentBytesMax
    if (first?.rotate === true || overflows) await this.#nextSegment()
    const bytes = group.length === 1 ? group[0]!.bytes : new Uint8Array(total)
    const offsets: number[] = []
    let filled = 0
    for (const append of group) {
      offsets.push(this.#size + filled)
      if (group.length > 1) bytes.set(append.bytes, filled)
      filled += append.bytes.length
    }
    const segment = this.#segment
    await writeAll(this.#requireHandle(), bytes)
    this.#size += total
    this.#requireInPlace()
    const settle = (sync: boolean): void => {
      for (const [at, append] of group.entries()) {
        if (append.sync === sync) append.resolve({ segment, offset: offsets[at]! })
      }
    }
    settle(false)
    if (group.some((append) => append.sync)) await this.#requireHandle().datasync()
    settle(true)
  }

  async #use(handle: FileHandle): Promise<void> {
    this.#handle = handle
    this.#inode = (await handle.stat()).ino
  }

  /** Data written to a file without a name, or not at its end, would be lost although every write succeeds. */
  #requireInPlace(): void {
    const found = statSync(segmentPath(this.#folder, this.#segment), { throwIfNoEntry: false })
    if (found === undefined) throw new Error('its file was moved or removed')
    if (found.ino !== this.#inode) throw new Error('another file has taken its place')
    if (found.size !== this.#size) {
      const what = found.size < this.#size ? 'cut' : 'written by another'
      throw new Error(`its file was ${what}`)
    }
  }

  async #nextSegment(): Promise<void> {
    const handle = this.#requireHandle()
    await handle.sync()
    await handle.close()
    this.#handle = undefined
    await this.#use(await createSegment(this.#folder, this.#segment + 1))
    this.#segment += 1
    this.#size = 0
  }

  #fail(error: unknown, group: readonly Append[]): void {
    this.#failure = new Error('the log failed and is closed', { cause: error })
    for (const append of [...group, ...this.#waiting]) append.reject(this.#failure)
    this.#waiting = []
  }

  #requireHandle(): FileHandle {
    if (this.#handle === undefined) throw this.#failure ?? new Error('the log is closed')
    return this.#handle
  }
}

/** Frames as lines. A frame with a line feed would become two, which is a programming error. */
function encodeFrames(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length + 1, 0))
  let at = 0
  for (const frame of frames) {
    if (frame.includes(LINE_FEED)) throw new TypeError('a frame must not hold a line feed')
    bytes.set(frame, at)
    at += frame.length
    bytes[at++] = LINE_FEED
  }
  return bytes
}
