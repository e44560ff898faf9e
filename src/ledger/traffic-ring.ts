import type { Details, TrafficEntry } from './record.ts'

const texts = (capacity: number): string[] => Array.from({ length: capacity }, () => '')

/**
 * Requests that wait to be written, column by column, so that taking one in allocates nothing. Fixed
 * capacity, a power of two; a full ring refuses.
 */
export class TrafficRing {
  readonly timeMs: Float64Array
  readonly durationUs: Float64Array
  readonly status: Uint16Array
  readonly tenantId: string[]
  readonly actorKind: string[]
  readonly actorId: string[]
  readonly action: string[]
  readonly target: string[]
  readonly outcome: string[]
  readonly route: string[]
  readonly method: string[]
  readonly path: string[]
  readonly requestId: string[]
  readonly address: string[]
  readonly details: (Details | undefined)[]
  readonly #mask: number
  #head = 0
  #tail = 0

  constructor(capacityMin: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, capacityMin)))
    this.#mask = capacity - 1
    this.timeMs = new Float64Array(capacity)
    this.durationUs = new Float64Array(capacity)
    this.status = new Uint16Array(capacity)
    this.tenantId = texts(capacity)
    this.actorKind = texts(capacity)
    this.actorId = texts(capacity)
    this.action = texts(capacity)
    this.target = texts(capacity)
    this.outcome = texts(capacity)
    this.route = texts(capacity)
    this.method = texts(capacity)
    this.path = texts(capacity)
    this.requestId = texts(capacity)
    this.address = texts(capacity)
    this.details = Array.from({ length: capacity })
  }

  /** Records that wait. */
  get length(): number {
    return this.#head - this.#tail
  }

  /** Takes one in; `false` when the ring is full. */
  push(entry: TrafficEntry): boolean {
    if (this.#head - this.#tail > this.#mask) return false
    const at = this.#head & this.#mask
    this.timeMs[at] = entry.timeMs
    this.durationUs[at] = entry.durationUs
    this.status[at] = entry.status
    this.tenantId[at] = entry.tenantId
    this.actorKind[at] = entry.actorKind
    this.actorId[at] = entry.actorId
    this.action[at] = entry.action
    this.target[at] = entry.target
    this.outcome[at] = entry.outcome
    this.route[at] = entry.route
    this.method[at] = entry.method
    this.path[at] = entry.path
    this.requestId[at] = entry.requestId
    this.address[at] = entry.address
    this.details[at] = entry.details
    this.#head += 1
    return true
  }

  /** Index in the columns of the oldest record; take it out with {@link TrafficRing.shift}. */
  first(): number {
    return this.#tail & this.#mask
  }

  shift(): void {
    this.#tail += 1
    if (this.#tail === this.#head) this.#rewind()
  }

  /** Drops all; returns how many there were. */
  clear(): number {
    const dropped = this.length
    this.#rewind()
    return dropped
  }

  /**
   * An empty ring starts over, so that the same few places are used again and again: they stay in the
   * processor's cache, and the strings in them are let go of before the collector has to move them on.
   */
  #rewind(): void {
    this.#head = 0
    this.#tail = 0
  }
}
