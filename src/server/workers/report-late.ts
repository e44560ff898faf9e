import type { World } from '../../gate/index.ts'
import { createSparse } from '../../signals/index.ts'

/** Says which worker kept an invalidation waiting, of each worker once a second at most. */
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
