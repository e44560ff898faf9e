import { createRandom, worst } from '../../core/index.ts'
import type { Figure, Judgement, Outcome } from '../../core/index.ts'
import { histogramFrom } from '../../histogram/index.ts'
import type { ArmName } from './arm.ts'
import type { Budget } from './budget.ts'
import { judgeBudget } from './budget.ts'
import type { Effects } from './effects.ts'
import { blocksToTell, CONFIDENCE, cpuPerRequest, effectsOf, timePerRequest } from './effects.ts'
import { exhibitsOf } from './exhibits.ts'
import type { Added } from './latency.ts'
import { addedLatency, SHARES } from './latency.ts'
import { lossOf } from './loss.ts'
import type { OverheadOptions, OverheadRaw } from './raw.ts'
import { siftBlocks } from './valid-blocks.ts'

/** Everything that was found, before it is rendered. */
export interface Findings {
  readonly arms: readonly ArmName[]
  /** Processor time of the server per request; empty if it cannot be read. */
  readonly cpu: Effects
  /** Time per request at saturation. */
  readonly throughput: Effects
  readonly added: readonly Added[]
}

/** Computes every figure of an overhead run from its raw data. */
export function analyzeOverhead(options: OverheadOptions, raw: OverheadRaw, seed: number): Outcome {
  const random = createRandom(seed)
  const { blocks, discarded, warnings } = siftBlocks(raw.blocks)
  const found: Findings = {
    arms: raw.arms,
    cpu: effectsOf(raw.arms, blocks, cpuPerRequest, random.fork('cpu')),
    throughput: effectsOf(raw.arms, blocks, timePerRequest, random.fork('throughput')),
    added: addedLatency(raw, random.fork('latency')),
  }
  const lag = raw.lag === null ? null : histogramFrom(raw.lag)
  return {
    judgement: judge(options.budgets, found),
    figures: figuresOf(found),
    exhibits: exhibitsOf(raw, blocks, found),
    notes: notesOf(raw, found),
    trust: {
      floor: found.cpu.floor ?? found.throughput.floor ?? null,
      discarded,
      warnings,
      generatorCores: raw.generatorCores,
      ...(lag !== null && lag.count > 0 && { lagP99Ms: lag.quantile(0.99) / 1000 }),
    },
  }
}

const FLOOR_MAX = 0.2

function judge(budgets: readonly Budget[], found: Findings): Judgement {
  const { arms, cpu, throughput } = found
  const main = cpu.all.length > 0 ? cpu : throughput
  if (main.all.length === 0) {
    return { verdict: 'inconclusive', reason: 'fewer than six good blocks of every arm' }
  }
  const same = main.all.find(({ arm }) => arms[arm]?.role === 'duplicate')
  if (same !== undefined && same.pTwoSided < 0.01 && same.interval.low * same.interval.high > 0) {
    return {
      verdict: 'inconclusive',
      reason: `the baseline differs from itself by ${percent(same.value)}: the comparison is biased`,
    }
  }
  if (budgets.length > 0) {
    const judged = budgets.map((budget) => judgeOne(budget, found))
    const deciding = worst(judged)
    const met = judged.filter(({ verdict }) => verdict === 'pass').length
    return judged.length > 1 && deciding.verdict === 'pass'
      ? { verdict: 'pass', reason: `all ${met} budgets hold; ${deciding.reason}` }
      : deciding
  }
  if (main.floor === undefined || main.floor > FLOOR_MAX) {
    return {
      verdict: 'inconclusive',
      reason: 'no A/A comparison, or one too wide to tell anything',
    }
  }
  const tooFew = tooFewBlocks(found, main)
  if (tooFew !== undefined) return { verdict: 'inconclusive', reason: tooFew }
  const told = main.all.filter(({ distinguishable }) => distinguishable).length
  return {
    verdict: 'pass',
    reason: `no budget was set; ${told} of ${main.all.length - 1} arms differ from what they are compared with by more than the A/A floor of ${percent(main.floor)}`,
  }
}

/** The reason why the run is too short to distinguish any cost from chance, if it is. */
function tooFewBlocks({ arms }: Findings, { all }: Effects): string | undefined {
  const tested = all.filter(({ arm }) => arms[arm]?.role !== 'duplicate')
  const blocks = Math.max(...tested.map((effect) => effect.blocks))
  const needed = blocksToTell(tested.length)
  return tested.length === 0 || blocks >= needed
    ? undefined
    : `${blocks} blocks of each arm are too few to tell any cost from chance, however large: ${tested.length} arms need ${needed}`
}

function judgeOne(budget: Budget, found: Findings): Judgement {
  const { outcome } = budget
  if (outcome === 'cpu' || outcome === 'throughput') {
    const effects = outcome === 'cpu' ? found.cpu : found.throughput
    const effect = effects.all.find(({ arm }) => found.arms[arm]?.name === budget.arm)
    const cost = outcome === 'throughput' && effect !== undefined ? lossOf(effect) : effect
    return judgeBudget(budget, cost, effects.floor)
  }
  const of = (test: (arm: ArmName) => boolean): Added | undefined =>
    found.added.find(
      ({ arm, share }) => share === SHARES[outcome] && test(found.arms[arm] ?? NO_ARM),
    )
  const same = of(({ role }) => role === 'duplicate')
  const floor = same && Math.max(Math.abs(same.interval.low), Math.abs(same.interval.high))
  return judgeBudget(
    budget,
    of(({ name }) => name === budget.arm),
    floor,
  )
}

const NO_ARM: ArmName = { name: '', role: 'baseline', layer: null }

/** Describes an arm; a layer that is left out costs what is saved without it. */
const labelOf = ({ name, role, layer }: ArmName): string =>
  ({
    all: 'all layers',
    alone: `${layer ?? name} alone`,
    baseline: 'baseline',
    duplicate: 'A/A: the baseline against itself',
    refused: `refused by ${layer ?? name}`,
    without: `all layers without ${layer ?? name}, against all`,
  })[role]

function figuresOf({ arms, cpu, throughput, added }: Findings): readonly Figure[] {
  const order = (effect: { readonly arm: number }): number =>
    ['all', 'alone', 'refused', 'without', 'duplicate'].indexOf(arms[effect.arm]?.role ?? '')
  const named = (effect: { readonly arm: number }): ArmName => arms[effect.arm] ?? NO_ARM
  const cpuFigures = cpu.all
    .toSorted((a, b) => order(a) - order(b))
    .map((effect): Figure => ({
      name: `${named(effect).name}.cpu`,
      label: `CPU per request: ${labelOf(named(effect))}`,
      unit: 'share',
      value: effect.value,
      interval: effect.interval,
      sampleSize: effect.blocks,
    }))
  const throughputFigures = throughput.all
    .toSorted((a, b) => order(a) - order(b))
    .map((effect): Figure => {
      const { value, interval } = lossOf(effect)
      return {
        name: `${named(effect).name}.throughput`,
        label: `Throughput lost: ${labelOf(named(effect))}`,
        unit: 'share',
        value,
        interval,
        sampleSize: effect.blocks,
      }
    })
  const addedFigures = added
    .toSorted((a, b) => order(a) - order(b))
    .map((one): Figure => {
      const percentile = one.share === SHARES.p50 ? 'p50' : 'p99'
      return {
        name: `${named(one).name}.${percentile}`,
        label: `Added to ${percentile}: ${labelOf(named(one))}`,
        unit: 'milliseconds',
        value: one.value,
        interval: one.interval,
        sampleSize: one.blocks,
      }
    })
  return [...cpuFigures, ...addedFigures, ...throughputFigures]
}

function notesOf(raw: OverheadRaw, found: Findings): readonly string[] {
  const { arms, cpu, throughput } = found
  const main = cpu.all.length > 0 ? cpu : throughput
  const detectable = Math.max(...main.all.map((effect) => effect.detectable), 0)
  const tooFew = tooFewBlocks(found, main)
  const hidden = main.all.filter(
    ({ arm, distinguishable }) => !distinguishable && arms[arm]?.role !== 'duplicate',
  )
  return [
    `Intervals hold ${percent(Math.min(CONFIDENCE, ...main.all.map(({ interval }) => interval.confidence)))}: five looks at the data were allowed, at 95 % together.`,
    'While it saturates the server the generator does not sleep: what a server takes to wake its client is not counted.',
    ...(tooFew === undefined
      ? [
          `Smallest cost that a run like this finds four times of five: ${percent(detectable)}.`,
          ...hidden.map(({ arm, interval }) => {
            const bound = Math.max(Math.abs(interval.low), Math.abs(interval.high), main.floor ?? 0)
            return `${labelOf(arms[arm] ?? NO_ARM)}: not distinguishable from nothing; at most ${percent(bound)}.`
          }),
        ]
      : [`${tooFew}.`]),
    ...(cpu.all.length === 0
      ? ['The processor time of the server cannot be read here: only throughput was compared.']
      : []),
    {
      blocks: 'Measured as long as was asked for.',
      decided: 'Ended as soon as the intervals were narrow enough or the budgets decided.',
      time: 'Ended when the time was over.',
    }[raw.stopped],
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
