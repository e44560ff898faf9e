import type { UpstreamConfig } from './config.ts'
import type { FetchExtras } from './runtime.ts'
import type { Target } from './target.ts'
import type { FetchLike } from './upstream-types.ts'

/** Active health checks of one target. */
export interface HealthProbe {
  stop(): void
}

/**
 * Asks a target for its health at fixed intervals, beginning at once. It leaves after
 * `unhealthyAfter` bad answers in a row and returns after `healthyAfter` good ones.
 *
 * @param startMs delay of the second probe, so that targets are not all asked at the same moment.
 */
export function startHealthProbe(
  target: Target,
  config: NonNullable<UpstreamConfig['health']>,
  options: {
    readonly fetch: FetchLike
    readonly extras: FetchExtras
    readonly startMs: number
  },
): HealthProbe {
  let good = 0
  let bad = 0
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = new AbortController()

  const note = (isGood: boolean): void => {
    good = isGood ? good + 1 : 0
    bad = isGood ? 0 : bad + 1
    if (good >= config.healthyAfter) target.setHealthy(true)
    if (bad >= config.unhealthyAfter) target.setHealthy(false)
  }
  const ask = async (): Promise<boolean> => {
    abort = new AbortController()
    const deadline = setTimeout(() => abort.abort(), config.timeout)
    try {
      const init: RequestInit & FetchExtras = {
        ...options.extras,
        redirect: 'manual',
        signal: abort.signal,
        headers: { 'user-agent': 'tollgate-health' },
      }
      const response = await options.fetch(target.base + config.path, init)
      await response.body?.cancel()
      return response.status >= 200 && response.status < 400
    } catch {
      return false
    } finally {
      clearTimeout(deadline)
    }
  }
  const round = async (nextMs: number): Promise<void> => {
    const isGood = await ask()
    if (stopped) return
    note(isGood)
    timer = setTimeout(() => void round(config.interval), nextMs)
  }
  void round(options.startMs)
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      abort.abort()
    },
  }
}
