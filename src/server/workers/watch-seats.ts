import type { Logger } from '../../signals/index.ts'
import type { Seat } from './seat.ts'
import type { WorkerHandle } from './worker-handle.ts'

const EVERY_MS = 2000
const MISSES_MAX = 3

/**
 * Regularly asks each worker whether it still answers. A worker that fails to three times in a row is ended, so that
 * its seat takes another. Returns a function that ends the watch.
 */
export function watchSeats(
  seats: readonly Seat[],
  answers: (worker: WorkerHandle, seat: number) => Promise<boolean>,
  logger: Logger,
): () => void {
  const misses = new Map<WorkerHandle, number>()
  const visit = async (seat: Seat, index: number): Promise<void> => {
    const worker = seat.serving()
    if (worker === undefined) return
    const missed = (await answers(worker, index)) ? 0 : (misses.get(worker) ?? 0) + 1
    if (missed === 0) misses.delete(worker)
    else misses.set(worker, missed)
    if (missed < MISSES_MAX || closed) return
    misses.delete(worker)
    logger.error('a worker does not answer any more', { seat: index + 1, pid: worker.pid })
    worker.kill()
  }
  let closed = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const round = async (): Promise<void> => {
    await Promise.all(seats.map(visit))
    if (!closed) timer = setTimeout(() => void round(), EVERY_MS)
  }
  timer = setTimeout(() => void round(), EVERY_MS)
  return () => {
    closed = true
    clearTimeout(timer)
  }
}
