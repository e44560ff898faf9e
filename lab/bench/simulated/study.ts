import type { Figure, Interval, Random } from '../../core/index.ts'

/** Runs of one server whose true values are known, as one experiment of the lab sees them. */
export interface Study {
  /** The experiment, such as `load`. */
  readonly experiment: string
  /** What the server or the machine is like. */
  readonly server: string
  /** How long a run is, in the unit of the experiment: `30 s`, `10 blocks`. */
  readonly size: string
  /** The true values of figures, by name; other figures are ignored. */
  truths(): Readonly<Record<string, number>>
  /** The figures of one run. */
  figures(random: Random, seed: number): readonly Figure[]
}

/** How often the interval of one figure contained the true value. */
export interface Coverage {
  readonly figure: string
  readonly confidence: number
  readonly truth: number
  readonly held: number
  /** Runs whose figure had an interval. */
  readonly runs: number
  /** Median width of the intervals relative to the true value; `undefined` where that is 0. */
  readonly width: number | undefined
}

/** Simulates this many runs and counts. */
export function coverageOf(study: Study, runs: number, random: Random): readonly Coverage[] {
  const truths = study.truths()
  const names = Object.keys(truths)
  const intervals = new Map<string, Interval[]>(names.map((name) => [name, []]))
  for (let run = 0; run < runs; run += 1) {
    for (const { name, value, interval } of study.figures(random, run)) {
      if (value !== null && interval !== undefined) intervals.get(name)?.push(interval)
    }
  }
  return names.flatMap((figure): Coverage[] => {
    const found = intervals.get(figure)!
    const truth = truths[figure]!
    const [first] = found
    if (first === undefined) return []
    const widths = found.map(({ low, high }) => high - low).toSorted((a, b) => a - b)
    return [
      {
        figure,
        truth,
        confidence: first.confidence,
        held: found.filter(({ low, high }) => low <= truth && truth <= high).length,
        runs: found.length,
        width: truth === 0 ? undefined : widths[Math.floor(widths.length / 2)]! / Math.abs(truth),
      },
    ]
  })
}

/** Values of a first-order autoregressive process with mean 0 and variance 1. */
export function createMood(alike: number, random: Random): () => number {
  let mood = random.normal()
  return () => {
    mood = alike * mood + Math.sqrt(1 - alike ** 2) * random.normal()
    return mood
  }
}

/** A Poisson variable, drawn in time proportional to its expected value. */
export function poisson(expected: number, random: Random): number {
  let count = 0
  for (let at = random.exponential(); at < expected; at += random.exponential()) count += 1
  return count
}
