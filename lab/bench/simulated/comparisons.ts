import type { Figure, Random } from '../../core/index.ts'
import { compareExperiment } from '../../experiments/compare/index.ts'
import type { CompareOptions } from '../../experiments/compare/index.ts'
import type { ArmName, OverheadOptions, OverheadRaw } from '../../experiments/overhead/index.ts'
import { overheadExperiment } from '../../experiments/overhead/index.ts'
import { createHistogram } from '../../histogram/index.ts'
import type { HistogramData } from '../../histogram/index.ts'
import type { Slice } from '../../slices/index.ts'
import { balancedOrder } from '../../slices/index.ts'
import type { Study } from './study.ts'
import { createMood } from './study.ts'

/** How much more the second server really costs. */
const COST = 0.05
const BASE_NS = 10_000
/** Time that it adds to every response at the common rate. */
const ADDED_US = 1000
const REQUESTS_PER_SIDE = 1200
const MEAN_US = 10_000

/** What the machine adds to the logarithm of each slice in turn. */
interface Machine {
  readonly title: string
  readonly start: (random: Random, slices: number) => () => number
}

const NOISE = 0.07

const MACHINES: readonly Machine[] = [
  { title: 'steady machine', start: (random) => () => NOISE * random.normal() },
  {
    title: 'machine with moods of 20 slices',
    start: (random) => {
      const mood = createMood(0.95, random)
      return () => 0.2 * mood() + NOISE * random.normal()
    },
  },
  {
    title: 'a tenth of the slices takes twice as long',
    start: (random) => () => (random.next() < 0.1 ? Math.log(2) : 0) + NOISE * random.normal(),
  },
  {
    title: 'machine that gets slower by 30 %',
    start: (random, slices) => {
      let at = 0
      return () => 0.3 * (at++ / slices) + NOISE * random.normal()
    },
  },
  {
    title: 'heavy tail (Student, 2 degrees)',
    start: (random) => () => (NOISE * random.normal()) / Math.sqrt(random.exponential() + 1e-9),
  },
]

const sliceOf = (log: number): Slice => ({
  requests: 10_000,
  failed: 0,
  seconds: 10_000 * BASE_NS * 1e-9 * Math.exp(log),
  cpuNs: 10_000 * BASE_NS * Math.exp(log),
  foreignCores: 0,
})

/** A slice of an arm, the last of which costs more. */
const armSlice = (arm: number, log: number) => ({
  arm,
  ...sliceOf(log + (arm === 2 ? Math.log1p(COST) : 0)),
})

/** Response times at the common rate, multiplied by `slow`. */
function timesOf(addedUs: number, slow: number, random: Random): HistogramData {
  const times = createHistogram()
  for (let at = 0; at < REQUESTS_PER_SIDE; at += 1) {
    times.record(addedUs + slow * MEAN_US * random.exponential())
  }
  return times.toJSON()
}

const ARMS: readonly ArmName[] = [
  { name: 'baseline', role: 'baseline', layer: null },
  { name: 'again', role: 'duplicate', layer: null },
  { name: 'layer', role: 'alone', layer: 'layer' },
]

const OVERHEAD_OPTIONS: OverheadOptions = {
  source: { kind: 'synthetic', layers: {} },
  budgets: [],
  connections: 32,
  sliceMs: 200,
  blocksMin: 10,
  blocksMax: 40,
  durationMs: 120_000,
  precision: 0.02,
  latencyBlocks: 0,
}

function overheadRun(machine: Machine, rounds: number, random: Random): OverheadRaw {
  const next = machine.start(random, rounds * 8)
  const raw: OverheadRaw = {
    arms: ARMS,
    blocks: Array.from({ length: 2 * rounds }, (_, at) => {
      const contender = 1 + (at % 2)
      const slices = balancedOrder(contender, 0, random).map((arm) => armSlice(arm, next()))
      return { contender, reference: 0, slices }
    }),
    rate: 100,
    latency: Array.from({ length: rounds }, () => {
      // A block has four slices, two for each side.
      const [own, other] = [next() + next(), next() + next()].map((log) => Math.exp(log / 2))
      return {
        contender: 2,
        reference: 0,
        failed: 0,
        contenderTimes: timesOf(ADDED_US, own!, random),
        referenceTimes: timesOf(0, other!, random),
      }
    }),
    lag: null,
    stopped: 'blocks',
    generatorCores: null,
  }
  return raw
}

const overheadStudy = (machine: Machine, rounds: number): Study => ({
  experiment: 'overhead',
  server: machine.title,
  size: `${rounds} blocks`,
  truths: () => ({
    'layer.cpu': COST,
    'layer.throughput': COST / (1 + COST),
    'layer.p50': ADDED_US / 1000,
    'layer.p99': ADDED_US / 1000,
  }),
  figures: (random, seed): readonly Figure[] =>
    overheadExperiment.analyze(OVERHEAD_OPTIONS, overheadRun(machine, rounds, random), seed)
      .figures,
})

const REQUEST = { url: 'http://127.0.0.1/', method: 'GET', headers: {}, body: null, status: 200 }

const COMPARE_OPTIONS: CompareOptions = {
  baseline: { kind: 'interleaved', request: REQUEST },
  request: REQUEST,
  allowRemote: false,
  connections: 32,
  sliceMs: 200,
  blocks: 20,
  budget: 0.1,
}

/** One server in one block: two slices, and response times that grow with them. */
function sideOf(logs: readonly number[], cost: number, random: Random) {
  const own = logs.map((log) => log + cost)
  const slow = Math.exp(own.reduce((sum, log) => sum + log, 0) / own.length)
  return { slices: own.map(sliceOf), times: timesOf(0, slow, random), unanswered: 0 }
}

function compareFigures(machine: Machine, blocks: number, random: Random, seed: number) {
  const next = machine.start(random, blocks * 8)
  const pairs = Array.from({ length: 2 * blocks }, (_, at) => {
    const isCandidate = at % 2 === 0
    const drawn = balancedOrder('base' as const, 'other' as const, random).map(
      (side) => [side, next()] as const,
    )
    const logsOf = (wanted: 'base' | 'other'): readonly number[] =>
      drawn.flatMap(([side, log]) => (side === wanted ? [log] : []))
    return {
      kind: isCandidate ? ('candidate' as const) : ('baseline' as const),
      base: sideOf(logsOf('base'), 0, random),
      other: sideOf(logsOf('other'), isCandidate ? Math.log1p(COST) : 0, random),
    }
  })
  const raw = { runs: [{ pairs, blocks: [] }], rate: 100, differences: [] }
  return compareExperiment.analyze(COMPARE_OPTIONS, raw, seed).figures
}

const compareStudy = (machine: Machine, blocks: number): Study => ({
  experiment: 'compare, in turn',
  server: machine.title,
  size: `${blocks} blocks`,
  truths: () => ({
    'cpu.change': COST,
    'time.change': COST,
    'p50.change': COST,
    'p99.change': COST,
  }),
  figures: (random, seed): readonly Figure[] => compareFigures(machine, blocks, random, seed),
})

/** A run next to a stored one, on a machine that is the same in both. */
const storedStudy = (machine: Machine, blocks: number): Study => ({
  experiment: 'compare, stored',
  server: machine.title,
  size: `${blocks} blocks`,
  truths: () => ({ 'cpu.change': COST, 'p50.change': COST, 'p99.change': COST }),
  figures: (random, seed): readonly Figure[] => {
    const runOf = (cost: number) => {
      const next = machine.start(random, blocks * 2)
      return Array.from({ length: blocks }, () => sideOf([next(), next()], cost, random))
    }
    const baseline = {
      kind: 'stored',
      name: 'stored',
      blocks: runOf(0),
      rate: 100,
      fingerprint: FINGERPRINT,
    } as const
    const raw = {
      runs: [{ pairs: [], blocks: runOf(Math.log1p(COST)) }],
      rate: 100,
      differences: [],
    }
    return compareExperiment.analyze({ ...COMPARE_OPTIONS, baseline }, raw, seed).figures
  },
})

const FINGERPRINT = {
  cpuModel: 'simulated',
  cores: 2,
  memoryBytes: 0,
  kernel: '',
  architecture: '',
  virtualization: '',
  runtime: '',
}

/** Comparisons of layers and of servers, with the default number of blocks and with few. */
export const comparisonStudies: readonly Study[] = [
  ...MACHINES.flatMap((machine) => [overheadStudy(machine, 10), overheadStudy(machine, 40)]),
  ...MACHINES.map((machine) => compareStudy(machine, 20)),
  ...MACHINES.map((machine) => storedStudy(machine, 20)),
]
