import type { Ledger } from '../../src/ledger/index.ts'

/** The cost of a round of requests without sockets. */
export interface PathRound {
  readonly requests: number
  /** CPU of all threads, including the writing of the audit log, nanoseconds. */
  readonly cpuNs: number
  /** The part of it on the thread that answers. */
  readonly mainNs: number
  /** Records of the audit log on disk, and lost because its queue was full. */
  readonly written: number
  readonly dropped: number
}

/** Requests per turn of the event loop: about as many as a busy server reads at once. */
const TURN = 64
/** How many records may wait before requests pause until they are written; the queue holds 32,768. */
const WAITING_MAX = 4096

/**
 * Hands over at least this many requests, in turns, no faster than the audit log can be written. Waiting for the disk
 * takes no CPU. Writing does, and is complete when the round ends, so that none is left to the next.
 *
 * @param turn - Hands over a number of requests, and resolves when all are answered.
 */
export async function runRound(
  count: number,
  ledger: Pick<Ledger, 'flush' | 'state'>,
  turn: (count: number) => Promise<void>,
): Promise<PathRound> {
  await ledger.flush()
  const before = ledger.state()
  const cpu = process.cpuUsage()
  const main = process.threadCpuUsage()
  let requests = 0
  for (; requests < count; requests += TURN) {
    await turn(TURN)
    await new Promise(setImmediate)
    if (ledger.state().queued > WAITING_MAX) await ledger.flush()
  }
  await ledger.flush()
  const nanoseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) * 1000
  const { written, dropped } = ledger.state()
  return {
    requests,
    cpuNs: nanoseconds(process.cpuUsage(cpu)),
    mainNs: nanoseconds(process.threadCpuUsage(main)),
    written: written - before.written,
    dropped: dropped - before.dropped,
  }
}
