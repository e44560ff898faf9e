import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/error-message.ts'

/** The result of checking one dependency. */
export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  /** Whether readiness depends on it. */
  readonly critical: boolean
  readonly durationMs: number
  /** `timeout` or `failed`; nothing more is shown outside the process. */
  readonly reason: 'timeout' | 'failed' | undefined
  /** Text of the failure, for the log. */
  readonly internal: string | undefined
}

/** What `/health` says: the process is alive and its event loop turns. */
export interface Liveness {
  readonly status: 'ok'
  readonly uptimeMs: number
}

/** What `/ready` says, with the HTTP status that goes with it. */
export interface Readiness {
  readonly ready: boolean
  /** 200 or 503. */
  readonly status: 200 | 503
  readonly draining: boolean
  readonly checks: readonly CheckResult[]
}

/** A dependency to check. `run` succeeds by returning and fails by throwing; it should obey its abort signal. */
export interface HealthCheck {
  readonly name: string
  readonly run: (signal: AbortSignal) => unknown
  /** Default 1000. */
  readonly timeoutMs?: number
  /** A failing check that is not critical is shown, but the instance stays ready. Default true. */
  readonly critical?: boolean
}

/** Liveness and readiness. */
export interface Health {
  /** Returns the function that removes the check. */
  register(check: HealthCheck): () => void
  live(): Liveness
  /** Runs all checks concurrently; calls within `cacheMs` share one result. */
  ready(): Promise<Readiness>
  /** Reports "not ready" from now on, so that load balancers send nothing more while requests in flight finish. */
  drain(): void
}

const TIMEOUT_MS = 1000
const CACHE_MS = 1000

/**
 * Creates a {@link Health}.
 *
 * @param options.cacheMs how long a result is shared, so that frequent calls put no load on the dependencies;
 * default 1000.
 */
export function createHealth(options: {
  readonly clock: Clock
  readonly cacheMs?: number
}): Health {
  const { clock, cacheMs = CACHE_MS } = options
  const startedMs = clock.monotonicMs()
  const checks = new Set<HealthCheck>()
  let draining = false
  let last: { readonly atMs: number; readonly results: Promise<readonly CheckResult[]> } | undefined

  const results = async (): Promise<readonly CheckResult[]> => {
    const nowMs = clock.monotonicMs()
    if (last === undefined || nowMs - last.atMs >= cacheMs) {
      const all = Promise.all([...checks].map(async (check) => runCheck(check, clock)))
      last = { atMs: nowMs, results: all }
    }
    return last.results
  }

  return {
    register(check) {
      checks.add(check)
      last = undefined
      return () => {
        checks.delete(check)
        last = undefined
      }
    },
    live: () => ({ status: 'ok', uptimeMs: Math.round(clock.monotonicMs() - startedMs) }),
    async ready() {
      const checked = await results()
      const ready = !draining && checked.every((check) => check.ok || !check.critical)
      return { ready, status: ready ? 200 : 503, draining, checks: checked }
    },
    drain() {
      draining = true
    },
  }
}

async function runCheck(check: HealthCheck, clock: Clock): Promise<CheckResult> {
  const startedMs = clock.monotonicMs()
  const abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), check.timeoutMs ?? TIMEOUT_MS)
  })
  const run = Promise.resolve(abort.signal)
    .then(check.run)
    .then(
      () => ({ ok: true }) as const,
      (error: unknown) => ({ ok: false, internal: messageOf(error) }) as const,
    )
  const outcome = await Promise.race([run, expired])
  clearTimeout(timer)
  abort.abort()
  const failed = outcome === 'timeout' || !outcome.ok
  return {
    name: check.name,
    ok: !failed,
    critical: check.critical ?? true,
    durationMs: Math.round(clock.monotonicMs() - startedMs),
    reason: outcome === 'timeout' ? 'timeout' : failed ? 'failed' : undefined,
    internal: outcome === 'timeout' || outcome.ok ? undefined : outcome.internal,
  }
}
