import { CacheContendedError } from './errors.ts'

/** A value, and a check that nothing it depends on has been invalidated up to now. */
interface Checked<V> {
  readonly value: V
  isCurrent(): boolean
}

/** The result of a load. */
export type Attempted<V> =
  /** For everyone who waits. */
  | (Checked<V> & { readonly state: 'shared' })
  /** Only for the one who loaded it; the others must load for themselves. */
  | (Checked<V> & { readonly state: 'own' })
  /** Something that it depends on was invalidated meanwhile: load again. */
  | { readonly state: 'overtaken' }

/** The result of a load that was not overtaken. */
export type Usable<V> = Exclude<Attempted<V>, { state: 'overtaken' }>

/** What a load is given. */
export interface AttemptContext {
  /** Aborted when nobody waits any longer, or another load was faster. */
  readonly signal: AbortSignal
  /** Says early that the result is for nobody else, so that those who wait load for themselves at once. */
  decline(): void
}

/** A load, as the flight runs it: never throws synchronously. */
export type Attempt<V> = (context: AttemptContext) => Promise<Attempted<V>>

/** A caller that waits for a flight, and how it would load the value itself. */
export interface Waiter<V> {
  readonly attempt: Attempt<V>
  readonly signal: AbortSignal | undefined
  resolve(value: V): void
  reject(reason: unknown): void
  isLeading: boolean
}

/** What a flight reports to whatever started it. */
export interface FlightEvents<V> {
  /** Nobody may join from now on. */
  onClosed(): void
  /** These waiters must load for themselves. */
  onReleased(waiters: readonly Waiter<V>[]): void
  onOvertaken(): void
  /** Wraps each load, to count it. */
  counted(attempt: Attempt<V>): Attempt<V>
}

/** How often a load is tried when it keeps being overtaken. */
const ATTEMPTS_MAX = 16

/**
 * Loads until a result is not overtaken, and delivers it. Between the end of a load and its delivery, other code may
 * run and invalidate, so the result is checked in the same turn in which it is delivered.
 *
 * @throws CacheContendedError when every load was overtaken
 */
export async function attemptUntilCurrent<V>(
  attempt: Attempt<V>,
  context: AttemptContext,
  onOvertaken: () => void,
  deliver: (attempted: Usable<V>) => void,
): Promise<void> {
  for (let round = 0; round < ATTEMPTS_MAX; round++) {
    const attempted = await attempt(context)
    if (attempted.state !== 'overtaken' && attempted.isCurrent()) {
      deliver(attempted)
      return
    }
    onOvertaken()
  }
  throw new CacheContendedError('an invalidation overtook every attempt to load the value')
}

/**
 * A value that is being loaded, and those who wait for it. One of them leads, that is, loads; when that takes too long,
 * the next may lead as well, and the first result counts for all.
 */
export class Flight<V> {
  private readonly waiters = new Set<Waiter<V>>()
  private readonly controller = new AbortController()
  private readonly events: FlightEvents<V>
  /** How many loads are running. */
  private running = 0
  /** The error of the load that failed last. */
  private failure: unknown
  private isClosed = false

  constructor(events: FlightEvents<V>) {
    this.events = events
  }

  get size(): number {
    return this.waiters.size
  }

  add(waiter: Waiter<V>): void {
    this.waiters.add(waiter)
  }

  /** A waiter has given up; with the last one the load is aborted. */
  leave(waiter: Waiter<V>): void {
    if (this.waiters.delete(waiter) && this.waiters.size === 0) this.close()
  }

  /** Lets a waiter load. */
  lead(waiter: Waiter<V>): void {
    waiter.isLeading = true
    this.running++
    const { signal } = this.controller
    const decline = (): void => this.release()
    attemptUntilCurrent(
      this.events.counted(waiter.attempt),
      { signal, decline },
      () => this.events.onOvertaken(),
      (attempted) => this.succeed(waiter, attempted),
    ).catch((error: unknown) => this.fail(error))
  }

  /** Lets the next waiter load as well; `false` when there is none. */
  handOver(): boolean {
    if (this.isClosed) return false
    for (const waiter of this.waiters) {
      if (waiter.isLeading) continue
      this.lead(waiter)
      return true
    }
    return false
  }

  /** Sends away everyone who waits without loading, to load for themselves; nobody else may join. */
  release(): void {
    const released = [...this.waiters].filter((waiter) => !waiter.isLeading)
    for (const waiter of released) this.waiters.delete(waiter)
    this.shut()
    if (released.length > 0) this.events.onReleased(released)
  }

  private succeed(leader: Waiter<V>, attempted: Usable<V>): void {
    this.running--
    if (attempted.state === 'shared') {
      const waiting = [...this.waiters]
      this.waiters.clear()
      for (const waiter of waiting) waiter.resolve(attempted.value)
      this.close()
      return
    }
    if (this.waiters.delete(leader)) leader.resolve(attempted.value)
    this.release()
    // Those who are left loaded themselves, failed, and hoped for another load: there is none any longer.
    if (this.running === 0) this.refuse(this.failure)
    else if (this.waiters.size === 0) this.close()
  }

  private fail(error: unknown): void {
    this.failure = error
    // While another load is running, it may still succeed.
    if (--this.running === 0) this.refuse(error)
  }

  /** Nothing is left that could give a value. */
  private refuse(error: unknown): void {
    const waiting = [...this.waiters]
    this.waiters.clear()
    for (const waiter of waiting) waiter.reject(error)
    this.close()
  }

  private shut(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.events.onClosed()
  }

  private close(): void {
    this.shut()
    this.controller.abort()
  }
}
