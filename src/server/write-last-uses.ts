import type { Identity } from '../identity/index.ts'
import type { Logger } from '../signals/index.ts'

const EVERY_MS = 1000
/** The pause between two batches while more is due: at most 640 rows a second, whatever the traffic. */
const PAUSE_MS = 100
const AFTER_FAILURE_MS = 10_000

/** Saves when credentials were last used, batch by batch, until stopped; never two batches at a time. */
export function startLastUses(
  identity: Pick<Identity, 'flush'>,
  logger: Pick<Logger, 'error'>,
): { stop(): void } {
  let live = true
  let timer: ReturnType<typeof setTimeout> | undefined
  const runIn = (ms: number): void => {
    if (!live) return
    timer = setTimeout(run, ms)
    timer.unref()
  }
  const run = (): void => {
    identity.flush().then(
      (isMoreDue) => runIn(isMoreDue ? PAUSE_MS : EVERY_MS),
      (error: unknown) => {
        logger.error('a chore failed', { chore: 'last uses', error })
        runIn(AFTER_FAILURE_MS)
      },
    )
  }
  runIn(EVERY_MS)
  return {
    stop() {
      live = false
      clearTimeout(timer)
    },
  }
}
