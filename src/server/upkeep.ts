import type { Clock } from '../core/clock.ts'
import type { Logger } from '../signals/index.ts'
import type { AdminApp } from './admin/index.ts'
import type { Nouns } from '../gate/index.ts'
import { watchClock } from './watch-clock.ts'
import { watchLedger } from './watch-ledger.ts'
import { startLastUses } from './write-last-uses.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** Chores that are done regularly. */
export interface Upkeep {
  stop(): void
}

/** Starts the chores: watching the audit log and the clock, writing last uses, forgetting what has expired, keeping bans. */
export function createUpkeep(parts: {
  readonly nouns: Nouns
  readonly admin: AdminApp
  readonly clock: Clock
  readonly logger: Logger
}): Upkeep {
  const { nouns, admin, clock, logger } = parts
  const chores: readonly (readonly [string, number, () => Promise<unknown>])[] = [
    ['bans', MINUTE_MS, () => nouns.bans.maintain()],
    ['expired credentials', 10 * MINUTE_MS, () => nouns.identity.sweep()],
    ['expired answers', 10 * MINUTE_MS, () => admin.sweep()],
  ]
  const uses = startLastUses(nouns.identity, logger)
  const timers = chores.map(([chore, everyMs, run]) => {
    let running = false
    const timer = setInterval(() => {
      if (running) return
      running = true
      run()
        .catch((error: unknown) => logger.error('a chore failed', { chore, error }))
        .finally(() => {
          running = false
        })
    }, everyMs)
    timer.unref()
    return timer
  })
  const looks = [watchLedger(nouns.ledger, logger), watchClock(clock, logger)]
  const watches = looks.map((look) => setInterval(look, SECOND_MS))
  for (const watch of watches) watch.unref()
  return {
    stop() {
      for (const watch of watches) clearInterval(watch)
      uses.stop()
      for (const timer of timers) clearInterval(timer)
    },
  }
}
