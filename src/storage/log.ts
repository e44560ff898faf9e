/**
 * Logs: append-only sequences of frames in rotated segments. Domain-free: frames are opaque bytes;
 * the ledger gives them meaning.
 */

/** The position of a frame: segment number and byte offset within it. */
export interface LogPosition {
  readonly segment: number
  readonly offset: number
}

/** A segment file. */
export interface LogSegment {
  readonly segment: number
  readonly bytes: number
  readonly sealed: boolean
}

/** A frame and its position. */
export interface LogFrame {
  readonly position: LogPosition
  readonly frame: Uint8Array
}

const LINE_FEED = 0x0a

/** The frames in lines, as views; throws if the last line has no line feed. */
export function splitLines(lines: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(LINE_FEED, start)
    if (end < 0) throw new TypeError('lines must end with a line feed')
    frames.push(lines.subarray(start, end))
    start = end + 1
  }
  return frames
}

/** An append-only log of frames. Frames are lines: they must not contain a line feed. */
export interface Log {
  /**
   * Appends frames in order. With `sync`, resolves once they are on disk (fsync, shared by the appends that wait at the
   * same time); without, once they are handed to the operating system. A failed fsync closes the log: later appends are
   * refused, never silently retried. Frames of one append are in one segment. Resolves to the position of the first.
   */
  append(frames: readonly Uint8Array[], options: { readonly sync: boolean }): Promise<LogPosition>
  /**
   * As {@link Log.append}, for frames that are already lines: each ends with a line feed, including the last one. The
   * bytes are not copied, so they must not change until the promise settles.
   */
  appendLines(lines: Uint8Array, options: { readonly sync: boolean }): Promise<LogPosition>
  /** Closes the current segment, all of it on disk, and opens the next. */
  rotate(): Promise<void>
  segments(): Promise<readonly LogSegment[]>
  /** Frames from a position on, oldest first, as batches; a torn last frame is reported, not yielded. */
  read(
    from: LogPosition,
  ): AsyncIterable<{ readonly position: LogPosition; readonly frame: Uint8Array }>
  /** Bytes after the last complete frame of the last segment, left by a crash in the middle of a write. */
  tornBytes(): Promise<number>
  /** Cuts the torn tail off; returns how many bytes were removed. */
  heal(): Promise<number>
  /** Removes sealed segments before `segment` (retention); returns how many. */
  dropBefore(segment: number): Promise<number>
  close(): Promise<void>
}
