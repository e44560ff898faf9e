import type { Log } from '../storage/index.ts'

/** A log that can be opened again after a failure has closed it. */
export interface RenewableLog extends Log {
  /** Closes what is left of the failed log and reopens it, if possible. */
  renew(): Promise<void>
}

/** Creates a {@link RenewableLog}; without `reopen`, it keeps using the same log. */
export function createRenewableLog(
  log: Log,
  reopen: (() => Promise<Log>) | undefined,
): RenewableLog {
  let current = log
  return {
    append: async (frames, options) => current.append(frames, options),
    appendLines: async (lines, options) => current.appendLines(lines, options),
    rotate: async () => current.rotate(),
    segments: async () => current.segments(),
    read: (from) => current.read(from),
    tornBytes: async () => current.tornBytes(),
    heal: async () => current.heal(),
    dropBefore: async (segment) => current.dropBefore(segment),
    close: async () => current.close(),
    async renew() {
      if (reopen === undefined) return
      await current.close().catch(() => undefined)
      current = await reopen()
    },
  }
}
