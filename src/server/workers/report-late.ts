import type { World } from '../../gate/index.ts'
import { createSparse } from '../../signals/index.ts'

/** Logs which worker kept an invalidation waiting, at most once a second for each worker. */
export function reportLate({
  clock,
  logger,
}: Pick<World, 'clock' | 'logger'>): (worker: string) => void {
  const sparse = createSparse(clock)
  return (worker) => {
    const leftOut = sparse(worker)
    if (leftOut === undefined) return
    const fields = leftOut === 0 ? { worker } : { worker, leftOut }
    logger.warn('an invalidation was not confirmed in time', fields)
  }
}
