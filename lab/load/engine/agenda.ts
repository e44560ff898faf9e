import type { Arrivals } from '../plan/arrivals.ts'
import type { Walker } from './flight.ts'
import { DueHeap } from './heap.ts'

/** Whose request is due when: arrivals of the plan, and walkers on the way to their next request. */
export class Agenda {
  readonly #arrivals: Arrivals
  readonly #walkers = new DueHeap<Walker>()
  #arrivalMs = Infinity

  constructor(arrivals: Arrivals) {
    this.#arrivals = arrivals
  }

  /** From now on arrivals come. */
  begin(): void {
    this.#arrivalMs = this.#arrivals()
  }

  /** When the first is due; Infinity when nobody is. */
  get earliestMs(): number {
    return Math.min(this.#arrivalMs, this.#walkers.earliest)
  }

  add(dueMs: number, walker: Walker): void {
    this.#walkers.push(dueMs, walker)
  }

  /** Takes out the first, whenever that is due: a walker, or `undefined` for an arrival. */
  take(): Walker | undefined {
    if (this.#arrivalMs > this.#walkers.earliest) return this.#walkers.pop()
    this.#arrivalMs = this.#arrivals()
    return undefined
  }

  /** Takes out the first arrival by a moment and says when it was due; `undefined` when there is none. */
  takeArrival(nowMs: number): number | undefined {
    const dueMs = this.#arrivalMs
    if (dueMs > nowMs) return undefined
    this.#arrivalMs = this.#arrivals()
    return dueMs
  }

  /** Whether all arrivals are taken out, and all walkers who are due before the end. */
  isOverAt(endMs: number): boolean {
    return this.#arrivalMs === Infinity && this.#walkers.earliest >= endMs
  }
}
