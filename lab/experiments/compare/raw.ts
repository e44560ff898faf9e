import type { HistogramData } from '../../histogram/index.ts'
import type { Slice, SliceRequest } from '../../slices/index.ts'
import type { History } from './history.ts'
import type { StoredRun } from './stored-run.ts'

/** What the server is compared with. */
export type Baseline =
  /** Nothing yet: this run becomes one. */
  | { readonly kind: 'none' }
  /** An earlier run of this experiment. */
  | ({ readonly kind: 'stored' } & Omit<StoredRun, 'grade' | 'startedAt'>)
  /** Another server that runs now. */
  | { readonly kind: 'interleaved'; readonly request: SliceRequest }

/** What was asked. */
export type CompareOptions = {
  readonly baseline: Baseline
  readonly request: SliceRequest
  readonly allowRemote: boolean
  readonly connections: number
  readonly sliceMs: number
  readonly blocks: number
  /** A difference up to this share is tolerated. */
  readonly budget: number
  /** Levels of earlier runs. */
  readonly history?: History
}

/** One server in one block: slices at saturation, and response times at the common rate. */
export type SideRaw = {
  readonly slices: readonly Slice[]
  readonly times: HistogramData
  /** Requests at the common rate that failed or were not answered in time. */
  readonly unanswered: number
}

/** Both servers in one block, or the baseline against itself. */
export type PairRaw = {
  readonly kind: 'baseline' | 'candidate'
  readonly base: SideRaw
  readonly other: SideRaw
}

/** One run: pairs if both servers are there, blocks of the one server otherwise. */
export type CompareRun = { readonly pairs: readonly PairRaw[]; readonly blocks: readonly SideRaw[] }

/** What was seen. */
export type CompareRaw = {
  /** The second confirms, or does not confirm, what the first found. */
  readonly runs: readonly CompareRun[]
  readonly rate: number
  /** What differs between this machine and that of the stored run. */
  readonly differences: readonly string[]
}
