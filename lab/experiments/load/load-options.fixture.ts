import { plainAim } from '../../load/index.ts'
import type { LoadOptions } from './options.ts'

/** The options of a command line that sets none. */
export const LOAD_OPTIONS: LoadOptions = {
  ...plainAim('http://127.0.0.1:1/'),
  model: null,
  shape: null,
  level: null,
  base: null,
  count: null,
  durationMs: null,
  warmUpMs: null,
  timeoutMs: 10_000,
  arrivals: 'poisson',
  think: null,
  connectionsMax: null,
  sources: [],
  workers: 1,
  remote: { urls: [], headers: {} },
  thresholds: [],
  abortAfterMs: null,
  backfillMs: null,
}
