import type { Ledger } from '../../src/ledger/index.ts'

/** Some requests, one after the other without a socket, and what they took. */
export interface PathRound {
  readonly requests: number
  /** CPU of all threads, the writing of the audit log included, nanoseconds. */
  readonly cpuNs: number
  /** Of that, CPU of the thread that answers. */
  readonly mainNs: number
  /** Records of the audit log on disk, and lost because its queue was full. */
  readonly written: number
  readonly dropped: number
}

/** Requests between two turns of the event loop: about what a busy server reads at once. */
const TURN = 64
/** So many records may wait before requests pause until they are written; the queue holds 32,768. */
const WAITING_MAX = 4096

/**
 * Hands over at least so many requests, in turns, no faster than the audit log can be written. Waiting for the disk takes
 * no CPU; writing does, and is all done when the round ends, so that none is left to the next.
 *
 * @param turn - Hands over so many requests, and resolves when all are answered.
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
