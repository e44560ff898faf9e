import type { Claim, Counters } from '../counters.ts'

/** The units that one worker holds for requests in flight, so that they can be given back if the worker dies. */
export class Holdings {
  readonly #counters: Pick<Counters, 'release'>
  readonly #held = new Map<string, Claim>()
  #gone = false

  constructor(counters: Pick<Counters, 'release'>) {
    this.#counters = counters
  }

  /** Records what a granted take took; if the worker has died meanwhile, it is given back at once. */
  took(claims: readonly Claim[]): void {
    if (this.#gone) {
      this.#counters.release(claims)
      return
    }
    for (const claim of claims) this.#add(claim, claim.cost)
  }

  /** Gives back what the worker releases, never more than it holds. */
  release(claims: readonly Claim[]): void {
    for (const claim of claims) {
      const held = this.#held.get(keyOf(claim))
      if (held === undefined) continue
      const cost = Math.min(claim.cost, held.cost)
      this.#counters.release([{ ...claim, cost }])
      this.#add(claim, -cost)
    }
  }

  /** The worker has ended: gives everything back. */
  end(): void {
    this.#gone = true
    this.#counters.release([...this.#held.values()])
    this.#held.clear()
  }

  #add(claim: Claim, cost: number): void {
    if (claim.shape.kind !== 'concurrency') return
    const key = keyOf(claim)
    const total = (this.#held.get(key)?.cost ?? 0) + cost
    if (total > 0) this.#held.set(key, { ...claim, cost: total })
    else this.#held.delete(key)
  }
}

function keyOf(claim: Claim): string {
  return `${claim.name.length}:${claim.name}${claim.subject}`
}
