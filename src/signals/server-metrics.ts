import type { Metrics } from './metrics.ts'

/** Metrics of the server itself. */
export interface ServerMetrics {
  connections(open: number): void
  reload(ok: boolean, configHash: string, atMs: number): void
}

const HASH_CHARS = 12
const HASHES_MAX = 64

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
  const info = metrics.gauge({
    name: 'tollgate_config_info',
    help: 'The configuration in force, by the start of its hash.',
    labels: ['hash'],
    merge: 'max',
    slotsMax: HASHES_MAX,
  })
  const outcomes = { loaded: reloads.slot('loaded'), refused: reloads.slot('refused') }
  let current: number | undefined
  return {
    connections: (open) => connections.set(0, open),
    reload(ok, configHash, atMs) {
      reloads.add(ok ? outcomes.loaded : outcomes.refused)
      lastOk.set(0, ok ? 1 : 0)
      if (!ok) return
      if (current !== undefined) info.set(current, 0)
      current = info.slot(configHash.slice(0, HASH_CHARS))
      info.set(current, 1)
      reloadedAt.set(0, atMs / 1000)
    },
  }
}
