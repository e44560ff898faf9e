import type { Clock } from '../../core/clock.ts'

/** What {@link warmUp} works on. */
export interface WarmUpOptions {
  /** The hottest first. */
  readonly keys: readonly string[]
  /** Brings an entry into memory from a level that vouches for it; resolves with whether there was one. */
  readonly restore: (key: string) => Promise<boolean>
  /** How many keys are restored at the same time. */
  readonly atOnce: number
  /** No key is started later than this. */
  readonly budgetMs: number
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** What became of the keys. */
export interface WarmUpReport {
  readonly restored: number
  /** Nothing was found, or what was found is no longer valid. */
  readonly absent: number
  readonly failed: number
  /** Not started. */
  readonly skipped: number
}

/** Brings hot keys back into memory after a start; each is verified on its way like any other read. */
export async function warmUp(options: WarmUpOptions): Promise<WarmUpReport> {
  const { keys, restore, atOnce, budgetMs, clock } = options
  const untilMs = clock.monotonicMs() + budgetMs
  const report = { restored: 0, absent: 0, failed: 0 }
  let next = 0
  const mayGoOn = (): boolean => clock.monotonicMs() < untilMs && options.signal?.aborted !== true
  const work = async (): Promise<void> => {
    while (next < keys.length && mayGoOn()) {
      const key = keys[next]!
      next += 1
      try {
        if (await restore(key)) report.restored += 1
        else report.absent += 1
      } catch {
        report.failed += 1
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, keys.length) }, work))
  return { ...report, skipped: keys.length - next }
}
