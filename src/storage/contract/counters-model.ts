import type { Claim, CounterShape } from '../counters.ts'
import { DAY_MS } from './claims.ts'

interface Taken {
  readonly atMs: number
  readonly cost: number
}

type Shape<K extends CounterShape['kind']> = Extract<CounterShape, { kind: K }>

/** Counters written in the slow, obvious way: every take is remembered, and all are counted each time. */
export class CountersModel {
  readonly #taken = new Map<string, Taken[]>()

  take(claims: readonly Claim[], nowMs: number): { granted: boolean; remaining: number[] } {
    const fits = (claim: Claim): boolean => claim.cost <= this.#free(claim, nowMs)
    const granted = claims.every((claim) => claim.shadow || fits(claim))
    for (const claim of granted ? claims : []) {
      if (fits(claim) || claim.shape.kind === 'concurrency') {
        this.#of(claim).push({ atMs: nowMs, cost: claim.cost })
      }
    }
    const remaining = claims.map((claim) =>
      Math.max(0, Math.floor(this.#free(claim, nowMs) + 1e-6)),
    )
    return { granted, remaining }
  }

  release(claim: Claim): void {
    this.#of(claim).shift()
  }

  #free(claim: Claim, nowMs: number): number {
    const { shape } = claim
    const taken = this.#of(claim)
    if (shape.kind === 'bucket') return bucketFree(shape, taken, nowMs)
    if (shape.kind === 'sliding') return slidingFree(shape, taken, nowMs)
    if (shape.kind === 'concurrency') return shape.limit - sum(taken, () => true)
    const day = (atMs: number): number => Math.floor((atMs + shape.offsetMs) / DAY_MS)
    return shape.limit - sum(taken, ({ atMs }) => day(atMs) === day(nowMs))
  }

  #of(claim: Claim): Taken[] {
    const key = `${claim.name} ${claim.subject}`
    const known = this.#taken.get(key)
    if (known !== undefined) return known
    const fresh: Taken[] = []
    this.#taken.set(key, fresh)
    return fresh
  }
}

/** GCRA by its theoretical arrival time, replayed from the first take. Rounded against float noise. */
function bucketFree(shape: Shape<'bucket'>, taken: readonly Taken[], nowMs: number): number {
  const unitMs = shape.windowMs / shape.limit
  let arrivalMs = -Infinity
  for (const { atMs, cost } of taken) arrivalMs = Math.max(arrivalMs, atMs) + cost * unitMs
  const free = shape.burst - Math.max(0, arrivalMs - nowMs) / unitMs
  return Math.round(free * 1e6) / 1e6
}

function slidingFree(shape: Shape<'sliding'>, taken: readonly Taken[], nowMs: number): number {
  const window = (atMs: number): number => Math.floor(atMs / shape.windowMs)
  const now = window(nowMs)
  const overlap = 1 - (nowMs % shape.windowMs) / shape.windowMs
  const current = sum(taken, ({ atMs }) => window(atMs) === now)
  const previous = sum(taken, ({ atMs }) => window(atMs) === now - 1)
  return Math.round((shape.limit - current - previous * overlap) * 1e6) / 1e6
}

function sum(taken: readonly Taken[], counts: (one: Taken) => boolean): number {
  return taken.filter(counts).reduce((total, { cost }) => total + cost, 0)
}
