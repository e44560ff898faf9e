import type { Metrics } from './metrics.ts'

/** Metrics of the server itself. */
export interface ServerMetrics {
  connections(open: number): void
  reload(ok: boolean, configHash: string, atMs: number): void
}

const HASH_CHARS = 12

/** Declares the families of connections and configuration. */
export function createServerMetrics(metrics: Metrics): ServerMetrics {
  const connections = metrics.gauge({
    name: 'tollgate_connections',
    help: 'Open client connections.',
  })
  const reloads = metrics.counter({
    name: 'tollgate_config_reloads_total',
    help: 'Configurations loaded or refused.',
    labels: ['outcome'],
  })
  const reloadedAt = metrics.gauge({
    name: 'tollgate_config_last_reload_success_timestamp_seconds',
    help: 'When a configuration was last loaded, in seconds since the Unix epoch.',
    merge: 'max',
  })
  const lastOk = metrics.gauge({
    name: 'tollgate_config_last_reload_successful',
    help: 'Whether the newest configuration could be loaded.',
    merge: 'min',
  })
  let current: string | undefined
  // One series, that of the hash in force: those before it would pile up with every reload.
  metrics.source(() => [
    {
      name: 'tollgate_config_info',
      help: 'The configuration in force, by the start of its hash.',
      type: 'gauge',
      merge: 'max',
      labels: ['hash'],
      series: current === undefined ? [] : [{ values: [current], numbers: [1] }],
    },
  ])
  const outcomes = { loaded: reloads.slot('loaded'), refused: reloads.slot('refused') }
  return {
    connections: (open) => connections.set(0, open),
    reload(ok, configHash, atMs) {
      reloads.add(ok ? outcomes.loaded : outcomes.refused)
      lastOk.set(0, ok ? 1 : 0)
      if (!ok) return
      current = configHash.slice(0, HASH_CHARS)
      reloadedAt.set(0, atMs / 1000)
    },
  }
}
