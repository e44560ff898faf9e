import type { Arrivals } from '../plan/arrivals.ts'
import type { Walker } from './flight.ts'
import { DueHeap } from './heap.ts'

/** When requests are due: arrivals of the plan, and walkers on the way to their next request. */
export class Agenda {
  readonly #arrivals: Arrivals
  readonly #walkers = new DueHeap<Walker>()
  #arrivalMs = Infinity

  constructor(arrivals: Arrivals) {
    this.#arrivals = arrivals
  }

  /** Starts the arrivals. */
  begin(): void {
    this.#arrivalMs = this.#arrivals()
  }

  /** When the first is due; Infinity if none is. */
  get earliestMs(): number {
    return Math.min(this.#arrivalMs, this.#walkers.earliest)
  }

  add(dueMs: number, walker: Walker): void {
    this.#walkers.push(dueMs, walker)
  }

  /** Removes the first, whenever it is due: a walker, or `undefined` for an arrival. */
  take(): Walker | undefined {
    if (this.#arrivalMs > this.#walkers.earliest) return this.#walkers.pop()
    this.#arrivalMs = this.#arrivals()
    return undefined
  }

  /** Removes the first arrival due by a moment and returns when it was due; `undefined` if there is none. */
  takeArrival(nowMs: number): number | undefined {
    const dueMs = this.#arrivalMs
    if (dueMs > nowMs) return undefined
    this.#arrivalMs = this.#arrivals()
    return dueMs
  }

  /** Whether all arrivals, and all walkers that are due before the end, have been removed. */
  isOverAt(endMs: number): boolean {
    return this.#arrivalMs === Infinity && this.#walkers.earliest >= endMs
  }
}
