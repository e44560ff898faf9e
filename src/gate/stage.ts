import type { Answer } from '../core/answer.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Exchange } from './exchange.ts'

/**
 * Asks for the body: it is read as text into the exchange, and the same stage runs again. The runner
 * does the reading, so that a request costs one promise however many stages look at its body.
 */
export const NEEDS_BODY = Symbol('needs-body')

/** What a stage says: nothing (go on), a refusal, the answer, or that it must see the body first. */
export type Step = undefined | Refusal | Answer | typeof NEEDS_BODY

/** Whether what ends an exchange is an answer, and not a refusal. */
export const isAnswer = (ending: Answer | Refusal): ending is Answer => !('code' in ending)

/**
 * One question of the request path. Stages are linear: there is no `next()` to forget. They answer
 * synchronously when they can, because a promise costs more than most decisions.
 */
export interface StageBody {
  run(exchange: Exchange): Step | Promise<Step>
}

/** A stage in its place in the path. */
export interface Stage extends StageBody {
  readonly name: StageName
  /** Its position in the path: what metrics call its layer. */
  readonly layer: number
}

/** The stages in no particular order; the order stands in `path.ts` alone. */
export type StageName =
  | 'admit'
  | 'identify'
  | 'limit'
  | 'authorize'
  | 'validate'
  | 'recall'
  | 'forward'
