import type {
  ClaimRecord,
  Experiment,
  ExperimentRecord,
  Json,
  Judgement,
  LabRecord,
  Outcome,
  Trust,
} from '../core/index.ts'
import { LabError } from '../core/index.ts'

/** A place where the record and what follows from its raw data differ. */
export interface Difference {
  /** Such as `experiments[2].outcome.figures[0].value`. */
  readonly path: string
  readonly recorded: unknown
  readonly recomputed: unknown
}

/** The result of computing a record again. */
export interface Replay {
  /** Figures and other values that agree. */
  readonly agreeing: number
  readonly differences: readonly Difference[]
  /** Kinds of experiments this version does not know, and so could not check. */
  readonly unknownKinds: readonly string[]
}

/** Sums over many terms may differ in the last digits with another machine's libm. */
const RELATIVE_TOLERANCE = 1e-9

function same(recorded: unknown, recomputed: unknown): boolean {
  if (typeof recorded !== 'number' || typeof recomputed !== 'number') {
    return Object.is(recorded, recomputed)
  }
  const scale = Math.max(Math.abs(recorded), Math.abs(recomputed))
  return recorded === recomputed || Math.abs(recorded - recomputed) <= scale * RELATIVE_TOLERANCE
}

function* compare(
  path: string,
  recorded: unknown,
  recomputed: unknown,
): Generator<Difference | undefined> {
  const both = [recorded, recomputed]
  if (both.every((value) => typeof value === 'object' && value !== null)) {
    const [left, right] = both as [Record<string, unknown>, Record<string, unknown>]
    const array = Array.isArray(left)
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      yield* compare(array ? `${path}[${key}]` : `${path}.${key}`, left[key], right[key])
    }
    return
  }
  yield same(recorded, recomputed) ? undefined : { path, recorded, recomputed }
}

/** The outcome as JSON stores it: without `undefined`, and without numbers that JSON cannot represent. */
function asStored(outcome: Outcome): unknown {
  return JSON.parse(JSON.stringify(outcome))
}

/** How a run derives its judgement from its experiments. */
export interface ReplayRules {
  /** Adjusts an outcome to how far it can be trusted. */
  readonly settle: (outcome: Outcome, trust: Trust) => Outcome
  /** Judges the record as a whole. */
  readonly judge: (claims: readonly ClaimRecord[], judgements: readonly Judgement[]) => Judgement
}

/**
 * Computes every figure, verdict and chart again from the recorded raw data and compares. This reveals
 * records that were edited or made by another analysis.
 *
 * @param find - Returns the experiment of a kind, or `undefined` if it is not known.
 * @throws LabError for raw data that nothing can be computed from
 */
export async function replay(
  record: LabRecord,
  find: (kind: string) => Promise<Experiment<Json, Json> | undefined>,
  { settle, judge }: ReplayRules,
): Promise<Replay> {
  const differences: Difference[] = []
  const unknownKinds = new Set<string>()
  const judgements: Judgement[] = []
  let agreeing = 0
  const check = (path: string, recorded: unknown, recomputed: unknown): void => {
    for (const difference of compare(path, recorded, recomputed)) {
      if (difference === undefined) agreeing += 1
      else differences.push(difference)
    }
  }
  for (const [index, stored] of record.experiments.entries()) {
    const experiment = await find(stored.kind)
    if (experiment === undefined) {
      unknownKinds.add(stored.kind)
      continue
    }
    const outcome = settle(analyzeAgain(experiment, stored), stored.trust)
    judgements.push(outcome.judgement)
    check(`experiments[${index}].outcome`, stored.outcome, asStored(outcome))
  }
  if (unknownKinds.size === 0)
    check('judgement', record.judgement, judge(record.claims, judgements))
  return { agreeing, differences, unknownKinds: [...unknownKinds] }
}

function analyzeAgain(experiment: Experiment<Json, Json>, stored: ExperimentRecord): Outcome {
  try {
    return experiment.analyze(stored.options, stored.raw, stored.seed)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new LabError(`the raw data of "${stored.title}" cannot be analyzed: ${reason}`)
  }
}
