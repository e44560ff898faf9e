import { plainAim } from '../../load/index.ts'
import type { FaultsOptions } from './options.ts'

/** A fault of one second in the middle of a run of six, for a target on which nothing listens. */
export const FAULTS_OPTIONS: FaultsOptions = {
  ...plainAim('http://127.0.0.1:1/'),
  fault: 'stop',
  delayMs: 300,
  bytesPerSecond: 1000,
  rate: 120,
  beforeMs: 2500,
  forMs: 1000,
  afterMs: 2500,
  // Longer than any delay of a busy machine, so that requests that wait do not time out.
  timeoutMs: 60_000,
  connectionsMax: 500,
  proxy: null,
  pid: null,
  recoverWithinMs: 2000,
  lostShareMax: null,
}
