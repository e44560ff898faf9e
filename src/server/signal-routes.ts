import { EXPOSITION_TYPE, mergeSnapshots, renderSnapshot } from '../signals/index.ts'
import type { MetricsSnapshot } from '../signals/index.ts'
import type { Signals } from '../gate/index.ts'

/** What is served besides the routes of the configuration. */
export interface SignalSources {
  readonly signals: Signals
  /** Metrics of the other processes of this instance, to be merged with its own. */
  readonly otherMetrics: () => Promise<readonly MetricsSnapshot[]>
  readonly performance: () => Promise<unknown>
}

/** Answers `/health`, `/ready`, `/metrics` and `/performance`; `undefined` for other paths. */
export type SignalRoutes = (path: string) => Promise<Response> | undefined

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const

/** Creates {@link SignalRoutes}. `paths` says which of them are served. */
export function createSignalRoutes(
  sources: SignalSources,
  paths: readonly string[] = ['/health', '/ready', '/metrics', '/performance'],
): SignalRoutes {
  const { signals } = sources
  const answers: Readonly<Record<string, () => Promise<Response>>> = {
    '/health': async () => Response.json(signals.health.live(), { headers: JSON_HEADERS }),
    '/ready': async () => {
      const { status, checks, ready, draining } = await signals.health.ready()
      const shown = checks.map(({ internal: _internal, ...check }) => check)
      return Response.json({ ready, draining, checks: shown }, { status, headers: JSON_HEADERS })
    },
    '/metrics': async () => {
      const others = await sources.otherMetrics()
      const merged = mergeSnapshots([signals.metrics.snapshot(), ...others])
      return new Response(renderSnapshot(merged), { headers: { 'content-type': EXPOSITION_TYPE } })
    },
    '/performance': async () =>
      Response.json(await sources.performance(), { headers: JSON_HEADERS }),
  }
  const served = new Map(Object.entries(answers).filter(([path]) => paths.includes(path)))
  return (path) => served.get(path)?.()
}

/** The path of a request as sent, not normalized, which is enough for these fixed paths. */
export function plainPath(target: string): string {
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}
