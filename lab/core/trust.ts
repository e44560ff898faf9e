/** How far a result can be trusted. */
export interface Trust {
  readonly grade: 'quiet' | 'noisy' | 'unusable'
  /** CPU used by processes outside the measurement: cores, mean over the run. `null` if not readable. */
  readonly foreignCores: number | null
  /** Pressure stall information: share of time some task waited for the CPU, 0 to 1. */
  readonly cpuPressure: number | null
  /** 99th percentile of how late the generator sent, milliseconds. `null` if nothing was paced. */
  readonly lagP99Ms: number | null
  /** The generator's own CPU, cores; near 1 per worker, the generator is the bottleneck. */
  readonly generatorCores: number | null
  /** Half-width of the difference that an A/A comparison showed, as a share. */
  readonly floor: number | null
  /** Units of analysis that were discarded, by reason. */
  readonly discarded: readonly { readonly reason: string; readonly count: number }[]
  readonly warnings: readonly string[]
}
