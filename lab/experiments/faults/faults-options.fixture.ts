import { plainAim } from '../../load/index.ts'
import type { FaultsOptions } from './options.ts'

/** A second of fault in the middle of six, of a server that nobody listens for. */
export const FAULTS_OPTIONS: FaultsOptions = {
  ...plainAim('http://127.0.0.1:1/'),
  fault: 'stop',
  delayMs: 300,
  bytesPerSecond: 1000,
  rate: 120,
  beforeMs: 2500,
  forMs: 1000,
  afterMs: 2500,
  // Longer than all delays of a busy machine together: what waits is not given up.
  timeoutMs: 60_000,
  connectionsMax: 500,
  proxy: null,
  pid: null,
  recoverWithinMs: 2000,
  lostShareMax: null,
}
