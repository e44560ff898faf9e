import type { Json, Outcome } from './experiment.ts'
import type { Trust } from './trust.ts'
import type { Judgement } from './verdict.ts'

/** The name of the format; a reader refuses names it does not know. */
export const RECORD_FORMAT = 'tollgate-lab/1'

/** What the machine is. Records whose fingerprints differ are not comparable. */
export interface Fingerprint {
  readonly cpuModel: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly architecture: string
  readonly virtualization: string
  readonly runtime: string
}

/** One experiment as it was run: what was asked for, what was observed, what follows. */
export interface ExperimentRecord {
  readonly kind: string
  readonly title: string
  readonly options: Json
  readonly raw: Json
  readonly outcome: Outcome
  readonly seed: number
  readonly startedAt: string
  readonly durationMs: number
  readonly trust: Trust
  /** The command that repeats it. */
  readonly command: string
}

/** A claim of a plan with its evidence; `unknown` if there is none. */
export interface ClaimRecord {
  readonly id: string
  readonly text: string
  readonly budget: string
  readonly measured: string
  readonly status: 'pass' | 'fail' | 'inconclusive' | 'unknown'
  readonly reason: string
  /** Index into `experiments`, or what was looked at. */
  readonly evidence: readonly (number | string)[]
  readonly group: 'claim' | 'checklist'
}

/** The single source of truth about a run; every other format is rendered from it. */
export interface LabRecord {
  readonly format: typeof RECORD_FORMAT
  readonly title: string
  readonly target: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly seed: number
  readonly command: string
  readonly versions: Readonly<Record<string, string>>
  readonly fingerprint: Fingerprint
  readonly judgement: Judgement
  readonly experiments: readonly ExperimentRecord[]
  readonly claims: readonly ClaimRecord[]
}
