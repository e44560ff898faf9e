import { CacheBusyError } from './errors.ts'
import type { Attempt, Waiter } from './flight.ts'
import { attemptUntilCurrent, Flight } from './flight.ts'

/** Runs something later; returns a function that cancels it. Handed in so that tests can move time. */
export type Schedule = (run: () => void, delayMs: number) => () => void

/** Bounds of loading. */
export interface CoalescerLimits {
  /** How many callers may wait for one load; more are turned away. */
  readonly waitersMax: number
  /** How many loads may run at once, over all keys; more are turned away. */
  readonly loadsMax: number
  /** After this time, another waiter may load the same key as well. */
  readonly leaderTimeoutMs: number
  /** How often a slow load may be handed over; after that, everyone loads without waiting. */
  readonly handOversMax: number
}

/** By default: 10,000 waiters for a key, 10,000 loads, hand-over after 5 s, 3 times. */
export const COALESCER_LIMITS: CoalescerLimits = {
  waitersMax: 10_000,
  loadsMax: 10_000,
  leaderTimeoutMs: 5000,
  handOversMax: 3,
}

/** Counts since the start, and what is going on now. */
export interface CoalescerStats {
  readonly loads: number
  readonly joined: number
  readonly overtaken: number
  readonly handedOver: number
  readonly alone: number
  readonly turnedAway: number
  readonly inFlight: number
}

/**
 * Lets one load serve everyone who asks for the same key meanwhile. A key holds the identity that it is for, so no
 * load is shared across identities.
 */
export interface Coalescer {
  /** Loads, or waits for the running load. Rejects with the reason of `signal` when that is aborted. */
  run<V>(key: string, attempt: Attempt<V>, signal?: AbortSignal): Promise<V>
  /** Loads without waiting for others or letting them wait. */
  alone<V>(attempt: Attempt<V>, signal?: AbortSignal): Promise<V>
  isLoading(key: string): boolean
  stats(): CoalescerStats
}

/** A timer that does not keep the process alive. */
export const scheduleTimer: Schedule = (run, delayMs) => {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Creates a {@link Coalescer}. */
export function createCoalescer(
  limits: CoalescerLimits = COALESCER_LIMITS,
  schedule: Schedule = scheduleTimer,
): Coalescer {
  const flights = new Map<string, Flight<unknown>>()
  const counts = { loads: 0, joined: 0, overtaken: 0, handedOver: 0, alone: 0, turnedAway: 0 }
  let inFlight = 0

  const counted =
    <V>(attempt: Attempt<V>): Attempt<V> =>
    async (context) => {
      counts.loads++
      inFlight++
      try {
        return await attempt(context)
      } finally {
        inFlight--
      }
    }
  const onOvertaken = (): void => {
    counts.overtaken++
  }
  const turnAway = (why: string): CacheBusyError => {
    counts.turnedAway++
    return new CacheBusyError(why)
  }

  const alone = <V>(attempt: Attempt<V>, signal?: AbortSignal): Promise<V> =>
    new Promise<V>((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      if (inFlight >= limits.loadsMax) return reject(turnAway('too many loads at once'))
      counts.alone++
      const leave = (): void => reject(signal?.reason)
      signal?.addEventListener('abort', leave, { once: true })
      const context = { signal: signal ?? new AbortController().signal, decline: () => undefined }
      attemptUntilCurrent(counted(attempt), context, onOvertaken, ({ value }) => resolve(value))
        .catch(reject)
        .finally(() => signal?.removeEventListener('abort', leave))
    })

  const open = <V>(key: string): Flight<V> => {
    let handOvers = 0
    let cancel: (() => void) | undefined
    const flight: Flight<V> = new Flight<V>({
      onClosed() {
        cancel?.()
        if (flights.get(key) === flight) flights.delete(key)
      },
      onReleased(waiters) {
        for (const { attempt, signal, resolve, reject } of waiters) {
          alone(attempt, signal).then(resolve, reject)
        }
      },
      onOvertaken,
      counted,
    })
    const watch = (): void => {
      cancel = schedule(() => {
        if (handOvers >= limits.handOversMax) {
          flight.release()
          return
        }
        if (inFlight < limits.loadsMax && flight.handOver()) {
          counts.handedOver++
          handOvers++
        }
        watch()
      }, limits.leaderTimeoutMs)
    }
    flights.set(key, flight)
    watch()
    return flight
  }

  return {
    alone,
    run<V>(key: string, attempt: Attempt<V>, signal?: AbortSignal): Promise<V> {
      return new Promise<V>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const running = flights.get(key) as Flight<V> | undefined
        if (running === undefined && inFlight >= limits.loadsMax) {
          return reject(turnAway('too many loads at once'))
        }
        if (running !== undefined && running.size >= limits.waitersMax) {
          return reject(turnAway('too many wait for the same load'))
        }
        const flight = running ?? open<V>(key)
        const leave = (): void => {
          flight.leave(waiter)
          reject(signal?.reason)
        }
        const waiter: Waiter<V> = {
          attempt,
          signal,
          resolve(value) {
            signal?.removeEventListener('abort', leave)
            resolve(value)
          },
          reject(reason) {
            signal?.removeEventListener('abort', leave)
            reject(reason)
          },
          isLeading: false,
        }
        signal?.addEventListener('abort', leave, { once: true })
        flight.add(waiter)
        if (running === undefined) flight.lead(waiter)
        else counts.joined++
      })
    },
    isLoading: (key) => flights.has(key),
    stats: () => ({ ...counts, inFlight }),
  }
}
