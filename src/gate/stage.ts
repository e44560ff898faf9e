import type { Refusal } from '../core/refusal.ts'
import type { Exchange } from './exchange.ts'

/** What a stage says: nothing (go on), a refusal, or the answer. */
export type Step = undefined | Refusal | Response

/**
 * One question of the request path. Stages are linear: there is no `next()` to forget. They answer
 * synchronously when they can, because a promise costs more than most decisions.
 */
export interface Stage {
  readonly name: StageName
  run(exchange: Exchange): Step | Promise<Step>
}

/** The stages in no particular order; the order stands in `path.ts` alone. */
export type StageName = 'admit' | 'identify' | 'limit' | 'authorize' | 'validate' | 'forward'
