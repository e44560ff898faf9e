import type { Exchange, Note } from './exchange.ts'
import { readBodyText } from './read-body.ts'
import type { Stage, Step } from './stage.ts'
import { isAnswer, NEEDS_BODY } from './stage.ts'

/** How a run of stages ends. */
export type Ending = Exclude<Step, typeof NEEDS_BODY>

/**
 * Runs the stages of the exchange's route, beginning at `exchange.at`, until one returns something other than
 * "go on"; `undefined` when all of them pass. Afterwards `exchange.at` tells where the run stopped.
 */
export function runStages(exchange: Exchange): Step | Promise<Step> {
  const { stages } = exchange.route
  for (; exchange.at < stages.length; exchange.at += 1) {
    const step = stages[exchange.at]!.run(exchange)
    if (step !== undefined) return step
  }
  return undefined
}

/** Receives how long a stage took. */
export type StageTimer = (stage: Stage, durationMs: number) => void

/** {@link runStages}, timing each stage: for sampled requests and for explanations. */
export async function runStagesTimed(
  exchange: Exchange,
  monotonicMs: () => number,
  onStage: StageTimer,
): Promise<Ending> {
  const { stages } = exchange.route
  for (; exchange.at < stages.length; exchange.at += 1) {
    const stage = stages[exchange.at]!
    exchange.rule = undefined
    const startMs = monotonicMs()
    const step = await runOne(stage, exchange)
    const durationMs = monotonicMs() - startMs
    onStage(stage, durationMs)
    exchange.notes?.push(noteOf(stage, step, exchange.rule ?? reasonOf(step), durationMs))
    if (step !== undefined) return step
  }
  return undefined
}

async function runOne(stage: Stage, exchange: Exchange): Promise<Ending> {
  const step = await stage.run(exchange)
  if (step !== NEEDS_BODY) return step
  return (await readBodyText(exchange)) ?? runOne(stage, exchange)
}

/** Why a stage refused, in words meant for operators alone. */
const reasonOf = (step: Ending): string | undefined =>
  step === undefined || isAnswer(step) ? undefined : step.internal

function noteOf(stage: Stage, step: Ending, rule: string | undefined, durationMs: number): Note {
  const verdict = step === undefined ? 'pass' : isAnswer(step) ? 'answer' : 'refuse'
  return { layer: stage.name, verdict, rule, durationNs: Math.round(durationMs * 1e6) }
}
