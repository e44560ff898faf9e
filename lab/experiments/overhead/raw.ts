import type { HistogramData } from '../../histogram/index.ts'
import type { Arm, ArmName } from './arm.ts'
import type { Slice as TimedSlice } from '../../slices/index.ts'
import type { Budget } from './budget.ts'

/** Where the arms come from. */
export type ArmSource =
  | { readonly kind: 'given'; readonly arms: readonly Arm[]; readonly pid: number | null }
  | { readonly kind: 'synthetic'; readonly layers: Readonly<Record<string, number>> }
  | {
      readonly kind: 'tollgate'
      readonly command: readonly string[] | null
      readonly only: readonly string[]
    }

/** What was asked for. Blocks are groups of four slices: ABBA or BAAB. */
export type OverheadOptions = {
  readonly source: ArmSource
  readonly budgets: readonly Budget[]
  readonly connections: number
  readonly sliceMs: number
  readonly blocksMin: number
  readonly blocksMax: number
  /** Time for the slices at saturation, milliseconds. */
  readonly durationMs: number
  /** Half-width of the intervals of CPU cost at which to stop, as a share. */
  readonly precision: number
  /** Blocks at the common rate; 0 for none. */
  readonly latencyBlocks: number
}

/** A short measurement of one arm; `arm` is an index into the arms. */
export type Slice = TimedSlice & { readonly arm: number }

/** An arm together with the arm that it is compared with. */
export type Block = {
  readonly contender: number
  readonly reference: number
  readonly slices: readonly Slice[]
}

/** The same at the common rate. */
export type LatencyBlock = {
  readonly contender: number
  readonly reference: number
  readonly failed: number
  readonly contenderTimes: HistogramData
  readonly referenceTimes: HistogramData
}

/** What was seen. */
export type OverheadRaw = {
  readonly arms: readonly ArmName[]
  readonly blocks: readonly Block[]
  /** Requests per second of the part at the common rate; `null` if there was none. */
  readonly rate: number | null
  readonly latency: readonly LatencyBlock[]
  /** How late requests were sent at the common rate. */
  readonly lag: HistogramData | null
  readonly stopped: 'blocks' | 'decided' | 'time'
  /** CPU of the generator while it sent as fast as possible without sleeping, cores. */
  readonly generatorCores: number | null
  /** Time that each layer took by the server's own clock, nanoseconds; known for the synthetic server only. */
  readonly burnedNs?: Readonly<Record<string, number>>
}
