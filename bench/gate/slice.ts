import type { CpuTime } from './cpu-time.ts'
import { totalNs } from './cpu-time.ts'

/**
 * A period of load on one arm. It begins and ends with no records waiting for the audit log, so that each arm pays
 * for all of its own records, and for none of another.
 */
export interface Slice {
  readonly requests: number
  /** From the first request to the last answer. */
  readonly seconds: number
  /** CPU time from the first request until everything is written. */
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
 * Requests per second. Records left to write count as if they had been written between requests: with the processor
 * time they took, not with the wait for the disk.
 */
export const requestsPerSecond = ({ requests, seconds, drainNs }: Slice): number =>
  requests / (seconds + drainNs / 1e9)

/** Share of the time under load that the server was on a processor. */
export const busyShare = ({ seconds, cpu, drainNs }: Slice): number =>
  (totalNs(cpu) - drainNs) / seconds / 1e9
