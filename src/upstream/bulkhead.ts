import type { Client } from './forward-request.ts'

/** How entering a bulkhead ended. */
export type Entry = 'entered' | 'queue_full' | 'queue_timeout' | 'aborted'

/**
 * Bounds how many requests are in flight to one upstream, so that a slow one cannot bring down the whole gate. Beyond
 * the bound, a bounded number of requests wait in line for a bounded time, first come first served.
 */
export interface Bulkhead {
  /** Takes a place: at once if one is free, else after waiting. Give it back with `leave`. */
  enter(client: Client | undefined): 'entered' | 'queue_full' | Promise<Entry>
  leave(): void
  readonly inFlight: number
  readonly queued: number
}

/** Creates a {@link Bulkhead} with `inFlightMax` places, for which up to `queueMax` requests wait at most `waitMs`. */
export function createBulkhead(inFlightMax: number, queueMax: number, waitMs: number): Bulkhead {
  const waiting = new Set<(entry: Entry) => void>()
  let inFlight = 0

  const wait = (signal: AbortSignal | undefined): Promise<Entry> =>
    new Promise((resolve) => {
      const settle = (entry: Entry): void => {
        clearTimeout(timer)
        waiting.delete(settle)
        signal?.removeEventListener('abort', onAbort)
        resolve(entry)
      }
      const onAbort = (): void => settle('aborted')
      const timer = setTimeout(() => settle('queue_timeout'), waitMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(settle)
    })

  return {
    get inFlight() {
      return inFlight
    },
    get queued() {
      return waiting.size
    },
    enter(client) {
      if (inFlight < inFlightMax) {
        inFlight++
        return 'entered'
      }
      return waiting.size < queueMax ? wait(client?.signal) : 'queue_full'
    },
    leave() {
      // The place goes straight to the next in line, so that nobody overtakes.
      const next = waiting.values().next()
      if (next.done === true) inFlight--
      else next.value('entered')
    },
  }
}
