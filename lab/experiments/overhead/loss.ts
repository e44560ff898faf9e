import type { Cost } from './budget.ts'
import type { Effect } from './effects.ts'

/** Throughput lost: time per request that grows by x loses x / (1 + x) of it. Negative where it rises. */
export function lossOf(effect: Effect): Cost {
  const loss = (growth: number): number => growth / (1 + growth)
  const { low, high, confidence } = effect.interval
  return {
    value: loss(effect.value),
    interval: { low: loss(low), high: loss(high), confidence },
    pGreater: effect.pGreater,
  }
}
