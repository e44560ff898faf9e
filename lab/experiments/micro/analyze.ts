import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import { createRandom, worst } from '../../core/index.ts'
import type { Budget } from './budget.ts'
import type { Difference, Estimate } from './estimate.ts'
import { differenceOf, estimateCase } from './estimate.ts'
import type { MicroCaseRaw, MicroOptions, MicroRaw } from './raw.ts'

/** The fewest processes that show how much processes differ. */
const PROCESSES_MIN = 5
/** Intervals with a larger half-width, relative to the value, say too little. */
const PRECISION = 0.1

/** Computes what one iteration of each case takes. */
export function analyzeMicro(options: MicroOptions, raw: MicroRaw, seed: number): Outcome {
  const random = createRandom(seed)
  const estimates = raw.cases.map((each) => estimateCase(each, random.fork(each.name)))
  const differences = raw.cases.flatMap((each): Difference[] => {
    const base = raw.cases.find(({ name }) => name === each.against)
    return base === undefined
      ? []
      : [differenceOf(each, base, random.fork(`${each.name} less ${base.name}`))]
  })
  return {
    judgement: judge(options, estimates, differences, raw.cases),
    figures: [
      ...raw.cases.flatMap((each, at) => figuresOf(each, estimates[at]!)),
      ...differences.map(figureOf),
    ],
    exhibits: [
      tableOf(raw.cases, estimates),
      forestOf(estimates),
      ...(differences.length > 0 ? [differencesOf(differences)] : []),
    ],
    notes: notesOf(raw.cases, differences),
    trust: {
      warnings: raw.cases.flatMap(({ name, runs }) => {
        const restless = runs.filter(({ settled }) => !settled).length
        return restless * 2 > runs.length
          ? [`${name}: in ${restless} of ${runs.length} processes the warm-up did not settle.`]
          : []
      }),
    },
  }
}

function judge(
  { budgets }: MicroOptions,
  estimates: readonly Estimate[],
  differences: readonly Difference[],
  cases: readonly MicroCaseRaw[],
): Judgement {
  const processes = Math.min(...cases.map(({ runs }) => runs.length))
  if (processes < PROCESSES_MIN) {
    return {
      verdict: 'inconclusive',
      reason: `${processes} processes do not show how much processes differ; at least ${PROCESSES_MIN} are needed`,
    }
  }
  if (budgets.length > 0) {
    return worst(budgets.map((budget) => judgeBudget(budget, [...estimates, ...differences])))
  }
  const wide = estimates.filter(
    ({ ns, interval }) => interval.high - interval.low > 2 * PRECISION * ns,
  )
  if (wide.length > 0) {
    const names = wide.map(({ name }) => name).join(', ')
    return { verdict: 'inconclusive', reason: `known to no more than ± 10 %: ${names}` }
  }
  return { verdict: 'pass', reason: 'no budget was set; every case is known to ± 10 % or better' }
}

function judgeBudget(
  budget: Budget,
  estimates: readonly Pick<Estimate, 'interval' | 'name' | 'ns'>[],
): Judgement {
  const { name, limitNs, text } = budget
  const found = estimates.find((estimate) => estimate.name === name)
  if (found === undefined) return { verdict: 'inconclusive', reason: `${text}: no such case` }
  const { low, high } = found.interval
  const range = `${found.ns.toFixed(1)} ns (${low.toFixed(1)} to ${high.toFixed(1)})`
  if (low > limitNs) return { verdict: 'fail', reason: `${text}: it takes ${range}` }
  if (high <= limitNs) return { verdict: 'pass', reason: `${text}: it takes ${range}` }
  return { verdict: 'inconclusive', reason: `${text}: ${range} lies on both sides of the budget` }
}

function figuresOf(
  { name, allocatedBytes, runs }: MicroCaseRaw,
  estimate: Estimate,
): readonly Figure[] {
  return [
    {
      name: `${name}.time`,
      label: name,
      unit: 'nanoseconds',
      value: estimate.ns,
      interval: estimate.interval,
      sampleSize: runs.length,
    },
    {
      name: `${name}.allocated`,
      label: `${name}: allocated`,
      unit: 'bytes',
      value: allocatedBytes,
      ...(allocatedBytes === null && { insufficient: 'not measured' }),
    },
  ]
}

const figureOf = ({ name, ns, interval, rounds }: Difference): Figure => ({
  name: `${name}.difference`,
  label: `Difference: ${name}`,
  unit: 'nanoseconds',
  value: ns,
  interval,
  sampleSize: rounds,
})

function tableOf(cases: readonly MicroCaseRaw[], estimates: readonly Estimate[]): Exhibit {
  return {
    kind: 'table',
    id: 'cases',
    title: 'Every case',
    caption:
      'Mean of the slopes of all processes. Outliers are points beyond 1.5 interquartile ranges; they are in the figures.',
    columns: [
      { label: 'case' },
      { label: 'time', unit: 'nanoseconds' },
      { label: 'lowest process', unit: 'nanoseconds' },
      { label: 'highest process', unit: 'nanoseconds' },
      { label: 'allocated', unit: 'bytes' },
      { label: 'outliers' },
      { label: 'R² at least' },
    ],
    rows: estimates.map((estimate, at) => {
      const { lowSevere, lowMild, highMild, highSevere } = estimate.outliers
      const mild = lowMild + highMild
      const severe = lowSevere + highSevere
      return [
        estimate.name,
        estimate.ns,
        Math.min(...estimate.slopes),
        Math.max(...estimate.slopes),
        cases[at]?.allocatedBytes ?? null,
        `${mild} mild, ${severe} severe of ${estimate.points}`,
        estimate.rSquared.toFixed(4),
      ]
    }),
  }
}

function forestOf(estimates: readonly Estimate[]): Exhibit {
  return {
    kind: 'forest',
    id: 'times',
    title: 'Time of one iteration',
    caption: 'Mean over processes with its interval.',
    unit: 'nanoseconds',
    axisLabel: 'time',
    rows: estimates.map(({ name, ns, interval }) => ({
      label: name,
      value: ns,
      interval,
      distinguishable: true,
    })),
  }
}

function differencesOf(differences: readonly Difference[]): Exhibit {
  return {
    kind: 'forest',
    id: 'differences',
    title: 'Differences',
    caption:
      'What one case takes more than another, round by round: a part that cannot be run alone. It is known no better than its interval says.',
    unit: 'nanoseconds',
    axisLabel: 'time more',
    rows: differences.map(({ name, ns, interval }) => ({
      label: name,
      value: ns,
      interval,
      distinguishable: interval.low > 0 || interval.high < 0,
    })),
  }
}

function notesOf(
  cases: readonly MicroCaseRaw[],
  differences: readonly Difference[],
): readonly string[] {
  const asynchronous = cases.filter(({ runs }) => runs.some(({ isAsync }) => isAsync))
  return [
    'One process for each case and repetition, in random order; intervals from 10,000 resamples of processes and points.',
    ...(differences.length === 0
      ? []
      : [
          'Differences are of whole cases, timed in one round and drawn again in pairs; no such part was timed alone.',
        ]),
    'Allocated: growth of the process with collection turned off.',
    ...(asynchronous.length === 0
      ? []
      : [
          `Awaited, which costs some 0.1 µs itself: ${asynchronous.map(({ name }) => name).join(', ')}.`,
        ]),
  ]
}
