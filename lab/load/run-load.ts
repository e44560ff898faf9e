import type { World } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import type { LoadJob, LoadPlan } from './job.ts'
import type { Watcher } from './watch.ts'
import { createWatcher } from './watch.ts'
import { arrivalsOf, meanLevel, peakOf, profileMs } from './plan/profile.ts'
import type { ScenarioData, ThinkTime } from '../scenario/index.ts'
import { meanThinkTime } from '../scenario/index.ts'
import { mergeResults } from './result/merge.ts'
import type { LoadResult, WorkerResult } from './result/result.ts'
import { startLocalWorker } from './worker/local.ts'
import type { Worker, WorkerListener } from './worker/messages.ts'
import type { RemoteWorkerAddress } from './worker/remote.ts'
import { startRemoteWorker } from './worker/remote.ts'

/** Which workers send, and who observes the run. */
export interface RunOptions {
  /** Processes on this machine; ignored when there are remote ones. Default 1. */
  readonly workers?: number
  readonly remote?: readonly RemoteWorkerAddress[]
  /** Observes the run while it goes on; returning a reason ends it. */
  readonly abortWhen?: (watcher: Watcher) => string | undefined
  /**
   * Called when all workers have begun, with the moment on the clock of the world. They began at most
   * `uncertainMs` before it, which is how long it took to order the start and to hear of it.
   */
  readonly onStart?: (startedMs: number, uncertainMs: number) => void
  /** Whether progress is shown; default true. */
  readonly isShown?: boolean
}

const READY_WITHIN_MS = 60_000
/** How much longer than planned a run may take before its workers count as lost. */
const GRACE_MS = 30_000

/**
 * Carries out a plan: starts workers, lets them begin together, and adds up what they counted.
 *
 * @throws LabError if a worker cannot be started or is lost. An aborted run is a result, not an error.
 */
export async function runLoad(
  plan: LoadPlan,
  world: World,
  options: RunOptions = {},
): Promise<LoadResult> {
  world.signal.throwIfAborted()
  const remote = options.remote ?? []
  const count = remote.length > 0 ? remote.length : (options.workers ?? 1)
  requireRoom(plan, count)
  const watcher = createWatcher(plan, count)
  const jobs = Array.from({ length: count }, (_, index): LoadJob => ({
    ...plan,
    share: { index, count },
  }))
  const crew = createCrew(jobs, (job, listener) => {
    const address = remote[job.share.index]
    return address === undefined
      ? startLocalWorker(job, listener)
      : startRemoteWorker(job, address, listener)
  })
  let aborted: string | undefined
  const abort = (reason: string): void => {
    aborted ??= reason
    for (const worker of crew.workers) worker.stop()
  }
  const onAbort = (): void => abort('interrupted')
  try {
    await within(crew.ready, READY_WITHIN_MS + plan.timeoutMs, 'the workers did not get ready')
    world.signal.throwIfAborted()
    world.signal.addEventListener('abort', onAbort)
    crew.onProgress = (index, message) => {
      watcher.take(index, message)
      if (options.isShown !== false) world.progress.live(watcher.figures())
      const reason = aborted === undefined ? options.abortWhen?.(watcher) : undefined
      if (reason !== undefined) abort(reason)
    }
    const toldMs = world.monotonicMs()
    crew.onStarted = () => {
      const startedMs = world.monotonicMs()
      options.onStart?.(startedMs, startedMs - toldMs)
    }
    for (const worker of crew.workers) worker.go()
    const limitMs = profileMs(plan.model.profile) + 2 * plan.timeoutMs + GRACE_MS
    const results = await within(crew.results, limitMs, 'the workers did not come to an end')
    return toLoadResult(plan, results, aborted ?? null)
  } finally {
    world.signal.removeEventListener('abort', onAbort)
    await Promise.all(crew.workers.map(async (worker) => worker.close()))
  }
}

interface Crew {
  readonly workers: readonly Worker[]
  readonly ready: Promise<void>
  readonly results: Promise<readonly WorkerResult[]>
  onStarted: () => void
  onProgress: (index: number, message: Parameters<Watcher['take']>[1]) => void
}

function createCrew(
  jobs: readonly LoadJob[],
  start: (job: LoadJob, listener: WorkerListener) => Worker,
): Crew {
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<readonly WorkerResult[]>()
  const results: (WorkerResult | undefined)[] = jobs.map(() => undefined)
  let readyCount = 0
  let startedCount = 0
  // Both are awaited later; a worker may be lost before that.
  ready.promise.catch(() => undefined)
  done.promise.catch(() => undefined)
  const crew: Crew = {
    ready: ready.promise,
    results: done.promise,
    onStarted: () => undefined,
    onProgress: () => undefined,
    workers: jobs.map((job, index) =>
      start(job, (message) => {
        if (message.kind === 'ready') {
          readyCount += 1
          if (readyCount === jobs.length) ready.resolve()
        } else if (message.kind === 'started') {
          startedCount += 1
          if (startedCount === jobs.length) crew.onStarted()
        } else if (message.kind === 'progress') {
          crew.onProgress(index, message)
        } else if (message.kind === 'result') {
          results[index] = message.result
          const all = results.filter((result) => result !== undefined)
          if (all.length === jobs.length) done.resolve(all)
        } else {
          const error = new LabError(message.message)
          ready.reject(error)
          done.reject(error)
        }
      }),
    ),
  }
  return crew
}

async function within<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LabError(message)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function toLoadResult(
  plan: LoadPlan,
  results: readonly WorkerResult[],
  aborted: string | null,
): LoadResult {
  const durationMs = profileMs(plan.model.profile)
  const { model } = plan
  return {
    ...mergeResults(results),
    requestNames: plan.scenario.requests.map(({ name }) => name),
    model: model.kind,
    workers: results.length,
    durationMs,
    warmUpMs: plan.warmUpMs,
    timeoutMs: plan.timeoutMs,
    windowMs: plan.windowMs,
    plannedRate: model.kind === 'open' ? arrivalsOf(model.profile) / (durationMs / 1000) : null,
    thinkMs: model.kind === 'closed' ? meanPauseMs(plan.scenario, model.think) : null,
    ...(model.kind === 'closed' && {
      usersMean: meanLevel(
        model.profile,
        plan.warmUpMs,
        Math.min(durationMs, Math.max(...results.map(({ elapsedMs }) => elapsedMs))),
      ),
    }),
    aborted,
  }
}

/** The mean pause of users per request: between flows, and before each step of a flow but the first. */
function meanPauseMs({ flows }: ScenarioData, think: ThinkTime | null): number {
  const meanOf = (of: ThinkTime | null | undefined): number =>
    of === null || of === undefined ? 0 : meanThinkTime(of)
  let pausesMs = 0
  let requests = 0
  for (const { weight, steps } of flows) {
    const within = steps.slice(1).reduce((sum, step) => sum + meanOf(step.think), 0)
    pausesMs += weight * (meanOf(think) + within)
    requests += weight * steps.length
  }
  return pausesMs / requests
}

/** Checks, before anything is sent, that there are enough connections for users and workers. */
function requireRoom(plan: LoadPlan, workers: number): void {
  if (plan.model.kind === 'closed' && peakOf(plan.model.profile) > plan.connectionsMax) {
    throw new LabError(
      `${peakOf(plan.model.profile)} users need as many connections; at most ${plan.connectionsMax} are allowed`,
    )
  }
  if (plan.connectionsMax < workers) {
    throw new LabError(`${workers} workers need at least one connection each`)
  }
}
