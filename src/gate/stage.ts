import type { Answer } from '../core/answer.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Exchange } from './exchange.ts'

/**
 * Returned by a stage that needs the body: the runner reads it as text into the exchange and runs the same
 * stage again. Because the runner does the reading, a request costs one promise however many stages look at
 * its body.
 */
export const NEEDS_BODY = Symbol('needs-body')

/** The result of a stage: `undefined` (go on), a refusal, the answer, or that it must see the body first. */
export type Step = undefined | Refusal | Answer | typeof NEEDS_BODY

/** Whether an exchange ended with an answer rather than with a refusal. */
export const isAnswer = (ending: Answer | Refusal): ending is Answer => !('code' in ending)

/**
 * One question of the request path. Stages are linear: there is no `next()` to forget. They answer
 * synchronously when they can, because a promise costs more than most decisions.
 */
export interface StageBody {
  run(exchange: Exchange): Step | Promise<Step>
}

/** A stage at its place in the path. */
export interface Stage extends StageBody {
  readonly name: StageName
  /** Its position in the path; metrics call it the layer. */
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
