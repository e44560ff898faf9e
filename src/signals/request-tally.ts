import type { GateMetrics } from './gate-metrics.ts'
import { LAYER_OUTCOME } from './gate-metrics.ts'
import type { Metrics } from './metrics.ts'

/** A route as the tally knows it: its metrics slot, and the layers that its requests pass, in order. */
export interface TallyRoute {
  readonly slot: number
  readonly layers: readonly number[]
}

/** Counts requests at their exit. */
export interface RequestTally {
  /**
   * @param at index, in the route's layers, of the layer that ended the request
   * @param answered whether that layer answered; `false` when it refused
   */
  add(
    route: TallyRoute,
    method: string,
    status: number,
    durationMs: number,
    at: number,
    answered: boolean,
  ): void
  /** Counts what is still waiting, so that the counters can be read. */
  settle(): void
}

const BATCH = 256
const NS_PER_MS = 1e6

/**
 * Creates a {@link RequestTally}. A request only leaves its figures in a small table, which is counted in batches
 * and before each scrape: counting in a tight loop, with the counters in the processor's cache, costs a fraction
 * of counting between two system calls.
 */
export function createRequestTally(metrics: Metrics, gate: GateMetrics): RequestTally {
  const routes: TallyRoute[] = []
  const methods: string[] = []
  const statuses = new Uint16Array(BATCH)
  const durations = new Float64Array(BATCH)
  const ends = new Uint8Array(BATCH)
  const answers = new Uint8Array(BATCH)
  let count = 0

  const workOff = (): void => {
    for (let index = 0; index < count; index += 1) {
      const { slot, layers } = routes[index]!
      const end = ends[index]!
      gate.request(slot, methods[index]!, statuses[index]!, durations[index]! * NS_PER_MS)
      for (let at = 0; at < end; at += 1) gate.decision(layers[at]!, LAYER_OUTCOME.pass)
      const last = layers[end]
      if (last === undefined) continue
      gate.decision(last, answers[index] === 1 ? LAYER_OUTCOME.answer : LAYER_OUTCOME.refuse)
    }
    count = 0
  }
  metrics.beforeSnapshot(workOff)

  return {
    add(route, method, status, durationMs, at, answered) {
      routes[count] = route
      methods[count] = method
      statuses[count] = status
      durations[count] = durationMs
      ends[count] = at
      answers[count] = answered ? 1 : 0
      count += 1
      if (count === BATCH) workOff()
    },
    settle: workOff,
  }
}
