import type { Fault } from '../../fault-proxy/index.ts'
import type { Aim } from '../../load/index.ts'

/** What is done to a dependency of the server, or to the server itself. */
export type FaultKind = Exclude<Fault['kind'], 'none'> | 'kill' | 'stop'

/** Options of a run with a fault. */
export interface FaultsOptions extends Aim {
  readonly fault: FaultKind
  /** For `slow`. */
  readonly delayMs: number
  /** For `throttle`. */
  readonly bytesPerSecond: number
  /** Requests per second of the Poisson load, before, during and after the fault. */
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
  /** How soon after the end of the fault the server must be as before. */
  readonly recoverWithinMs: number
  /** Share of the requests planned during the fault that may be lost; `null` for any. */
  readonly lostShareMax: number | null
}
