import type { CpuTime } from './cpu-time.ts'
import { totalNs } from './cpu-time.ts'

/**
 * A stretch of load on one arm. It begins and ends with nothing waiting for the audit log, so that an arm pays
 * for all that it makes others write, and no arm for what another has left.
 */
export interface Slice {
  readonly requests: number
  /** From the first request to the last answer. */
  readonly seconds: number
  /** From the first request until everything is written. */
  readonly cpu: CpuTime
  /** The part of it that came after the last answer, nanoseconds. */
  readonly drainNs: number
  /** Records of the audit log on disk, and lost because its queue was full. */
  readonly written: number
  readonly dropped: number
}

/** CPU time for each request, nanoseconds. */
export const cpuPerRequest = ({ requests, cpu }: Slice): number => totalNs(cpu) / requests

/**
 * Requests a second. What was left to write counts as if it had been written between requests: the time on a
 * processor that it took, not the waiting for the disk.
 */
export const requestsPerSecond = ({ requests, seconds, drainNs }: Slice): number =>
  requests / (seconds + drainNs / 1e9)

/** Share of the time under load that the server was on a processor. */
export const busyShare = ({ seconds, cpu, drainNs }: Slice): number =>
  (totalNs(cpu) - drainNs) / seconds / 1e9
