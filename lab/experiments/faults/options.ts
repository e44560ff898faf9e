import type { Fault } from '../../fault-proxy/index.ts'
import type { Aim } from '../../load/index.ts'

/** What is done to what the server depends on, or to the server itself. */
export type FaultKind = Exclude<Fault['kind'], 'none'> | 'kill' | 'stop'

/** What a run with a fault in it is asked. */
export interface FaultsOptions extends Aim {
  readonly fault: FaultKind
  /** For `slow`. */
  readonly delayMs: number
  /** For `throttle`. */
  readonly bytesPerSecond: number
  /** Poisson load throughout. */
  readonly rate: number
  readonly beforeMs: number
  readonly forMs: number
  readonly afterMs: number
  readonly timeoutMs: number
  readonly connectionsMax: number
  /**
   * The lab's own proxy: the server is configured to reach its dependency through `listen`. `null` puts
   * the proxy between the load and the server.
   */
  readonly proxy: { readonly listen: string; readonly upstream: string } | null
  /** The process for `stop` and `kill`; only ever one that the user names. */
  readonly pid: number | null
  /** The server must be as before so soon after the fault is over. */
  readonly recoverWithinMs: number
  /** Requests that may be lost, of those planned while the fault lasts; `null` for any. */
  readonly lostShareMax: number | null
}
