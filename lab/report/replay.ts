import type { Experiment, Json, LabRecord, Outcome, Trust } from '../core/index.ts'

/** A place where what was recorded and what follows from the raw data are not the same. */
export interface Difference {
  /** Such as `experiments[2].outcome.figures[0].value`. */
  readonly path: string
  readonly recorded: unknown
  readonly recomputed: unknown
}

/** What computing a record again has shown. */
export interface Replay {
  /** Figures and other values that agree. */
  readonly agreeing: number
  readonly differences: readonly Difference[]
  /** Kinds of experiments this version does not know, and so could not check. */
  readonly unknownKinds: readonly string[]
}

/** Sums over many terms may end in another last digit on another machine's libm. */
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

/** As JSON holds it: without `undefined`, and without numbers that JSON has no word for. */
function asStored(outcome: Outcome): unknown {
  return JSON.parse(JSON.stringify(outcome))
}

/**
 * Computes every figure, verdict and chart again from the recorded raw data and compares. A record
 * that was edited, or made by another analysis, shows.
 *
 * @param find - The experiment of a kind, or `undefined` where it is not known.
 * @param settle - What a run makes of an outcome in the light of trust.
 */
export async function replay(
  record: LabRecord,
  find: (kind: string) => Promise<Experiment<Json, Json> | undefined>,
  settle: (outcome: Outcome, trust: Trust) => Outcome,
): Promise<Replay> {
  const differences: Difference[] = []
  const unknownKinds = new Set<string>()
  let agreeing = 0
  for (const [index, stored] of record.experiments.entries()) {
    const experiment = await find(stored.kind)
    if (experiment === undefined) {
      unknownKinds.add(stored.kind)
      continue
    }
    const analyzed = experiment.analyze(stored.options, stored.raw, stored.seed)
    const outcome = settle(analyzed, stored.trust)
    const path = `experiments[${index}].outcome`
    for (const difference of compare(path, stored.outcome, asStored(outcome))) {
      if (difference === undefined) agreeing += 1
      else differences.push(difference)
    }
  }
  return { agreeing, differences, unknownKinds: [...unknownKinds] }
}
