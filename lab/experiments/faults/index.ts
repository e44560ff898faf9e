import type { Experiment, World } from '../../core/index.ts'
import type { LoadResult } from '../../load/index.ts'
import { planLoad, runLoad, takeAim } from '../../load/index.ts'
import { analyzeFaults } from './analyze.ts'
import { createInjector } from './inject.ts'
import type { FaultsOptions } from './options.ts'

/** What was observed in a run with a fault; times in milliseconds since the load began. */
export interface FaultsRaw {
  readonly result: LoadResult
  /** The load began at most this long before the zero of these times. */
  readonly uncertainMs: number
  /** When the fault was in place; `null` if the run ended before. */
  readonly injectedMs: number | null
  /** When its removal began. */
  readonly clearedMs: number | null
}

/** Breaks something under load: how long recovery takes, and what is lost meanwhile. */
export const faultsExperiment: Experiment<FaultsOptions, FaultsRaw> = {
  kind: 'faults',
  title: 'Faults',
  measure: measureFaults,
  analyze: analyzeFaults,
}

async function measureFaults(options: FaultsOptions, world: World): Promise<FaultsRaw> {
  const injector = createInjector(options, world.monotonicMs)
  try {
    const { target, scenario } = await takeAim(injector.aim, world)
    const { beforeMs, forMs, afterMs } = options
    const plan = planLoad({
      target,
      scenario,
      level: options.rate,
      durationMs: beforeMs + forMs + afterMs,
      timeoutMs: options.timeoutMs,
      connectionsMax: options.connectionsMax,
      seed: world.seed,
    })
    const moments: Writable<Omit<FaultsRaw, 'result'>> = {
      uncertainMs: 0,
      injectedMs: null,
      clearedMs: null,
    }
    const ended = new AbortController()
    let schedule: Promise<void> = Promise.resolve()
    const result = await runLoad(plan, world, {
      onStart: (startedMs, uncertainMs) => {
        moments.uncertainMs = uncertainMs
        schedule = (async () => {
          const now = (): number => world.monotonicMs() - startedMs
          if (!(await pause(beforeMs, ended.signal))) return
          await injector.begin()
          moments.injectedMs = now()
          world.progress.note(`${options.fault} after ${(now() / 1000).toFixed(1)} s`)
          await pause(forMs, ended.signal)
          moments.clearedMs = now()
          await injector.end()
          world.progress.note(`over after ${(now() / 1000).toFixed(1)} s`)
        })()
        // Awaited below, after the load.
        schedule.catch(() => undefined)
      },
    })
    ended.abort()
    await schedule
    return { result, ...moments }
  } finally {
    injector.close()
  }
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

/** Waits; resolves with false if the wait was cut short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
  return !signal.aborted
}

export type { FaultKind, FaultsOptions } from './options.ts'
