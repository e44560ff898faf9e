import type { Exchange, Note } from './exchange.ts'
import type { Stage, Step } from './stage.ts'

/** Runs stages from `from` on until one refuses or answers; `undefined` when all passed. */
export function runStages(
  stages: readonly Stage[],
  exchange: Exchange,
  from = 0,
): Step | Promise<Step> {
  for (let index = from; index < stages.length; index += 1) {
    const stage = stages[index]!
    const step = stage.run(exchange)
    if (step === undefined) continue
    if (step instanceof Promise) {
      return step.then((settled) => {
        if (settled === undefined) return runStages(stages, exchange, index + 1)
        exchange.endedBy = stage.name
        return settled
      })
    }
    exchange.endedBy = stage.name
    return step
  }
  return undefined
}

/** Receives how long a stage took. */
export type StageTimer = (stage: Stage, durationMs: number) => void

/** {@link runStages} with a reading of the clock around each stage: for samples and explanations. */
export async function runStagesTimed(
  stages: readonly Stage[],
  exchange: Exchange,
  monotonicMs: () => number,
  onStage: StageTimer,
): Promise<Step> {
  for (const stage of stages) {
    exchange.rule = undefined
    const startMs = monotonicMs()
    const running = stage.run(exchange)
    const step = running instanceof Promise ? await running : running
    const durationMs = monotonicMs() - startMs
    onStage(stage, durationMs)
    exchange.notes?.push(noteOf(stage, step, exchange.rule, durationMs))
    if (step !== undefined) {
      exchange.endedBy = stage.name
      return step
    }
  }
  return undefined
}

function noteOf(stage: Stage, step: Step, rule: string | undefined, durationMs: number): Note {
  const verdict = step === undefined ? 'pass' : step instanceof Response ? 'answer' : 'refuse'
  return { layer: stage.name, verdict, rule, durationNs: Math.round(durationMs * 1e6) }
}
