import type { Random } from '../../core/index.ts'
import type { AliasTable, FlowData, ThinkTime } from '../../scenario/index.ts'
import { createAliasTable, drawThinkTime } from '../../scenario/index.ts'
import type { LoadJob } from '../job.ts'
import type { Walker } from './flight.ts'

/** Pause after a failure, so that a user does not retry at once. */
const AFTER_FAILURE_MS = 100

/** Leads walkers through the flows of a scenario. */
export class Walkers {
  readonly #flows: readonly FlowData[]
  readonly #mix: AliasTable
  readonly #think: ThinkTime | null
  readonly #random: Random

  constructor({ scenario: { flows }, model }: LoadJob, random: Random) {
    this.#flows = flows
    this.#mix = createAliasTable(flows.map(({ weight }) => weight))
    this.#think = model.kind === 'closed' ? model.think : null
    this.#random = random
  }

  /** A new user or arrival, before the first request of a flow. */
  create(user: number | undefined): Walker {
    return { flow: this.#drawFlow(), step: 0, captured: undefined, user, connection: undefined }
  }

  /** Which request of the scenario a walker is to send. */
  requestOf({ flow, step }: Walker): number {
    return this.#flows[flow]!.steps[step]!.request
  }

  /**
   * Advances a walker after an answer or a failure. Returns the pause before the next request in
   * milliseconds; `undefined` if there is none. Users begin another flow; arrivals are done.
   */
  goOn(walker: Walker, failure: string | undefined): number | undefined {
    const next =
      failure === undefined ? this.#flows[walker.flow]!.steps[walker.step + 1] : undefined
    if (next !== undefined) {
      walker.step += 1
      return this.#drawPause(next.think ?? null)
    }
    if (walker.user === undefined) return undefined
    const thinkMs = this.#drawPause(this.#think)
    walker.flow = this.#drawFlow()
    walker.step = 0
    walker.captured = undefined
    return failure === undefined ? thinkMs : Math.max(thinkMs, AFTER_FAILURE_MS)
  }

  #drawFlow(): number {
    return this.#flows.length === 1 ? 0 : this.#mix.draw(this.#random)
  }

  #drawPause(think: ThinkTime | null): number {
    return think === null ? 0 : drawThinkTime(think, this.#random)
  }
}
