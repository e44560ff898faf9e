import type { World } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import type { LoadResult, RunOptions, Threshold, Watcher } from '../../load/index.ts'
import { isShapeName, parseThreshold, planLoad, runLoad, takeAim } from '../../load/index.ts'
import type { LoadOptions } from './options.ts'

/** What was observed, and the thresholds to judge it by. */
export interface LoadRaw {
  readonly scenario: string
  readonly thresholds: readonly string[]
  readonly skipped: readonly string[]
  readonly result: LoadResult
}

const DURATION_MS = 30_000
const WARM_UP_MS_MAX = 3000
const RATE = 100
const USERS = 10

/** Runs the load. */
export async function measureLoad(options: LoadOptions, world: World): Promise<LoadRaw> {
  const { target, scenario, load, skipped } = await takeAim(options, world)
  const thresholds = options.thresholds.length > 0 ? options.thresholds : (load.thresholds ?? [])
  const parsed = thresholds.map(parseThreshold)
  const names = scenario.requests.map(({ name }) => name)
  for (const { text, request } of parsed) {
    if (request === undefined || names.includes(request)) continue
    throw new LabError(`${text}: there is no request "${request}", but ${names.join(', ')}`)
  }
  const shape = options.shape ?? load.shape ?? 'steady'
  if (!isShapeName(shape)) throw new LabError(`there is no shape "${shape}"`)
  const model = options.model ?? (load.users === undefined ? 'open' : 'closed')
  const fallback = model === 'open' ? (load.rate ?? RATE) : (load.users ?? USERS)
  const think = options.think ?? load.think
  const connectionsMax = options.connectionsMax ?? load.connectionsMax
  const durationMs = options.durationMs ?? load.durationMs ?? DURATION_MS
  const warmUpMs = options.warmUpMs ?? Math.min(WARM_UP_MS_MAX, durationMs / 10)
  const plan = planLoad({
    target,
    scenario,
    model,
    shape,
    level: options.level ?? fallback,
    durationMs,
    warmUpMs,
    timeoutMs: options.timeoutMs,
    arrivals: options.arrivals,
    sources: options.sources,
    seed: world.seed,
    ...(options.base === null ? {} : { base: options.base }),
    ...(options.count === null ? {} : { count: options.count }),
    ...(think === undefined ? {} : { think }),
    ...(connectionsMax === undefined ? {} : { connectionsMax }),
  })
  world.progress.step(`${scenario.name}: ${shape}`, 0, 1)
  const run: RunOptions = {
    workers: options.workers,
    remote: options.remote.urls.map((url) => ({ url, token: tokenOf(options) })),
    ...(options.abortAfterMs === null
      ? {}
      : { abortWhen: createAbort(parsed, options.abortAfterMs, warmUpMs) }),
  }
  const result = await runLoad(plan, world, run)
  return { scenario: scenario.name, thresholds, skipped, result }
}

function tokenOf({ remote }: LoadOptions): string {
  const token = remote.headers['authorization']?.replace(/^Bearer /, '')
  if (token === undefined) throw new LabError('workers on other machines need their token')
  return token
}

/** Ends a run once a threshold on latency or failures has failed throughout the grace period. */
function createAbort(
  thresholds: readonly Threshold[],
  graceMs: number,
  warmUpMs: number,
): (watcher: Watcher) => string | undefined {
  const since = new Map<string, number>()
  return (watcher) => {
    if (watcher.elapsedMs < warmUpMs) return undefined
    for (const threshold of thresholds) {
      if (!isFailing(threshold, watcher)) {
        since.delete(threshold.text)
        continue
      }
      const failingSinceMs = since.get(threshold.text) ?? watcher.elapsedMs
      since.set(threshold.text, failingSinceMs)
      if (watcher.elapsedMs - failingSinceMs >= graceMs) {
        return `${threshold.text} failed for ${graceMs / 1000} s`
      }
    }
    return undefined
  }
}

const VALUES_MIN = 100

/** Judges by the coarse figures that are known during the run, so that only clear failures count. */
function isFailing({ metric, operator, limit }: Threshold, { total }: Watcher): boolean {
  if (!operator.startsWith('<')) return false
  if (metric.kind === 'error_rate') {
    const ended = total.succeeded + total.failed
    return ended >= VALUES_MIN && total.failed / ended > limit
  }
  if (metric.kind !== 'percentile' || metric.of !== 'response') return false
  if (total.response.count < VALUES_MIN / (1 - metric.share) / 10) return false
  return total.response.quantile(metric.share) / 1000 > limit * 1.02
}
