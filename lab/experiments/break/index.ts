import type { Experiment, World } from '../../core/index.ts'
import { planLoad, runLoad, takeAim } from '../../load/index.ts'
import type { BreakRaw } from './analyze.ts'
import { analyzeBreak } from './analyze.ts'
import type { BreakOptions } from './options.ts'
import { judgeStep, searchBreak, stepMsAt, WARM_UP_SHARE } from './search.ts'

/** Pause in which the server finishes the requests of one step before the next. */
const DRAIN_MS = 500

/** The highest rate at which an objective is held. */
export const breakExperiment: Experiment<BreakOptions, BreakRaw> = {
  kind: 'break',
  title: 'Breaking point',
  measure: measureBreak,
  analyze: analyzeBreak,
}

async function measureBreak(options: BreakOptions, world: World): Promise<BreakRaw> {
  const { target, scenario } = await takeAim(options, world)
  const { objective } = options
  let count = 0
  const steps = await searchBreak({
    ...options,
    judge: (step) => judgeStep(step, objective),
    run: async (rate, phase) => {
      world.signal.throwIfAborted()
      world.progress.step(`${phase}: ${Math.round(rate)} a second`, count, 0)
      count += 1
      const stepMs = stepMsAt(rate, objective, options.stepMs)
      const plan = planLoad({
        target,
        scenario,
        level: rate,
        durationMs: stepMs,
        warmUpMs: stepMs * WARM_UP_SHARE,
        timeoutMs: options.timeoutMs,
        connectionsMax: options.connectionsMax,
        seed: (world.seed + count) >>> 0,
      })
      const result = await runLoad(plan, world, { workers: options.workers })
      await Bun.sleep(DRAIN_MS)
      const step = { phase, rate, result: { ...result, windows: [] } }
      const { status, reason } = judgeStep(step, objective)
      world.progress.note(`${Math.round(rate)} a second ${status}: ${reason}`)
      return step
    },
  })
  world.signal.throwIfAborted()
  return { steps }
}

export type { BreakRaw } from './analyze.ts'
export type { BreakOptions, Objective } from './options.ts'
