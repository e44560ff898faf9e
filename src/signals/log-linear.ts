/** A {@link LogLinearHistogram} as plain JSON: the slots in use with their counts. */
export interface LogLinearState {
  readonly slots: readonly (readonly [slot: number, count: number])[]
  readonly sumNs: number
  readonly maxNs: number
}

/**
 * A histogram of durations in nanoseconds with slots of constant relative width: each power of two is split into
 * 16, so that a quantile is at most 6.25 % too high. It covers 0 to 2^40 ns (18 minutes); longer durations count
 * in the last slot. It takes about 5 KB. The layout follows HdrHistogram (G. Tene).
 */
export class LogLinearHistogram {
  readonly #counts = new Float64Array(SLOTS)
  #total = 0
  #sumNs = 0
  #maxNs = 0

  /** Counts one duration; negative ones (a clock that stepped back) count as 0. */
  record(ns: number): void {
    this.#counts[slotOf(ns)]! += 1
    this.#total += 1
    this.#sumNs += ns
    if (ns > this.#maxNs) this.#maxNs = ns
  }

  get count(): number {
    return this.#total
  }

  get sumNs(): number {
    return this.#sumNs
  }

  get maxNs(): number {
    return this.#maxNs
  }

  /** The duration that a share of `quantile` (0 to 1) of all durations do not exceed; 0 when there are none. */
  quantileNs(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#total))
    let seen = 0
    for (let slot = 0; slot < SLOTS && this.#total > 0; slot++) {
      seen += this.#counts[slot] ?? 0
      if (seen >= rank) return Math.min(slotCeilingNs(slot), this.#maxNs)
    }
    return 0
  }

  /** Plain JSON, to be sent to another process and {@link LogLinearHistogram.add added} there. */
  state(): LogLinearState {
    const slots: [number, number][] = []
    for (const [slot, count] of this.#counts.entries()) if (count > 0) slots.push([slot, count])
    return { slots, sumNs: this.#sumNs, maxNs: this.#maxNs }
  }

  /** Adds what another histogram counted. */
  add(state: LogLinearState): void {
    for (const [slot, count] of state.slots) {
      this.#counts[Math.min(slot, SLOTS - 1)]! += count
      this.#total += count
    }
    this.#sumNs += state.sumNs
    this.#maxNs = Math.max(this.#maxNs, state.maxNs)
  }

  /** How many durations are below `2 ** power` ns. Exact, because every power of two is the edge of a slot. */
  countBelow(power: number): number {
    const end = slotOf(2 ** power)
    return this.#counts.subarray(0, end).reduce((total, count) => total + count, 0)
  }
}

const SUB_BITS = 4
const SUB = 1 << SUB_BITS
const POWER_MAX = 40
const SLOTS = (POWER_MAX - SUB_BITS + 1) * SUB

function slotOf(ns: number): number {
  if (!(ns >= SUB)) return ns > 0 ? Math.trunc(ns) : 0
  if (ns < 0x8000_0000) {
    const shift = 31 - SUB_BITS - Math.clz32(ns)
    return (shift << SUB_BITS) + (ns >>> shift)
  }
  const shift = Math.floor(Math.log2(ns)) - SUB_BITS
  const slot = shift * SUB + Math.floor(ns / 2 ** shift)
  return slot < SLOTS ? slot : SLOTS - 1
}

/** The largest whole number of nanoseconds that falls into `slot`. */
function slotCeilingNs(slot: number): number {
  if (slot < 2 * SUB) return slot
  const shift = (slot >> SUB_BITS) - 1
  return (SUB + (slot & (SUB - 1)) + 1) * 2 ** shift - 1
}
