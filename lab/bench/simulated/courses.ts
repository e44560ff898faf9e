import type { Figure, Random } from '../../core/index.ts'
import type { LeakOptions, LeakRaw } from '../../experiments/leak/index.ts'
import { leakExperiment } from '../../experiments/leak/index.ts'
import type { MicroOptions, MicroRaw } from '../../experiments/micro/index.ts'
import { microExperiment } from '../../experiments/micro/index.ts'
import type { ScaleOptions } from '../../experiments/scale/index.ts'
import { scaleExperiment } from '../../experiments/scale/index.ts'
import { uslThroughput } from '../../statistics/index.ts'
import type { Study } from './study.ts'
import { createMood } from './study.ts'

const MICRO_OPTIONS: MicroOptions = {
  file: null,
  only: [],
  processes: 5,
  points: 20,
  sampleMs: 100,
  warmUpMs: 50,
  budgets: [],
}
const POINTS = 20
const OWN_NS = 110
const BASE_NS = 100

/** Processes differ by 3 %, rounds by 5 %, points by 5 % and occasionally by much more. */
function microRaw(processes: number, random: Random): MicroRaw {
  const rounds = Array.from({ length: processes }, () => 1 + 0.05 * random.normal())
  const runOf = (ns: number, round: number) => {
    const own = ns * round * (1 + 0.03 * random.normal())
    const iterations = Array.from({ length: POINTS }, (_, at) => (at + 1) * 1000)
    const nanoseconds = iterations.map((count) => {
      const late = random.next() < 0.02 ? 0.5 * random.exponential() : 0
      return count * own * (0.99 + late + 0.05 * random.normal())
    })
    return { iterations, nanoseconds, settled: true, isAsync: false }
  }
  const caseOf = (name: string, ns: number, against: string | null) => ({
    name,
    against,
    runs: rounds.map((round) => runOf(ns, round)),
    allocatedBytes: null,
  })
  return { cases: [caseOf('base', BASE_NS, null), caseOf('own', OWN_NS, 'base')] }
}

const microStudy = (processes: number): Study => ({
  experiment: 'micro',
  server: 'processes that differ',
  size: `${processes} processes`,
  truths: () => ({ 'base.time': BASE_NS, 'own − base.difference': OWN_NS - BASE_NS }),
  figures: (random, seed): readonly Figure[] =>
    microExperiment.analyze(MICRO_OPTIONS, microRaw(processes, random), seed).figures,
})

const WINDOWS = 24
const LEVEL_BYTES = 5e7
const LEAK_MS = 600_000

const LEAK_OPTIONS: LeakOptions = {
  subject: { kind: 'synthetic', leakBytes: 0 },
  rate: 100,
  durationMs: LEAK_MS,
  warmUpMs: 0,
  windows: WINDOWS,
  controlMs: LEAK_MS,
}

function leakRaw(growth: number, alike: number, random: Random): LeakRaw {
  const phase = (share: number): LeakRaw['load'] => {
    const mood = createMood(alike, random)
    return {
      durationMs: LEAK_MS,
      requests: 60_000,
      failed: 0,
      windows: Array.from({ length: WINDOWS }, (_, at) => ({
        atMs: ((at + 0.5) * LEAK_MS) / WINDOWS,
        heapBytes: LEVEL_BYTES * (1 + share * ((at + 0.5) / WINDOWS - 0.5) + 0.01 * mood()),
        residentBytes: null,
        handles: null,
      })),
    }
  }
  return {
    load: phase(growth),
    idle: phase(0),
    control: phase(0.5),
    controlLeakBytes: 1000,
    collected: true,
  }
}

const leakStudy = (growth: number, alike: number): Study => ({
  experiment: 'leak',
  server: `growth of ${growth * 100} %, neighbors alike by ${alike}`,
  size: `${WINDOWS} windows`,
  truths: () => ({ 'heap.growth': growth }),
  figures: (random, seed): readonly Figure[] =>
    leakExperiment.analyze(LEAK_OPTIONS, leakRaw(growth, alike, random), seed).figures,
})

const SCALE_OPTIONS: ScaleOptions = {
  subject: { kind: 'synthetic', concurrent: 2, serviceMs: 10 },
  path: '/',
  headers: {},
  status: 200,
  sizes: [1, 2, 3, 4, 5],
  repeats: 5,
  sliceMs: 200,
  connections: 4,
  efficiencyMin: null,
}
const LAW = { gamma: 1000, alpha: 0.1, beta: 0.01 }

function scalePoints(repeats: number, random: Random) {
  return SCALE_OPTIONS.sizes.flatMap((size) =>
    Array.from({ length: repeats }, (_, repeat) => ({
      size,
      repeat,
      perSecond: uslThroughput(LAW, size) * (1 + 0.05 * random.normal()),
      failed: 0,
      serverCores: 0.1,
      generatorCores: 0.1,
    })),
  )
}

const scaleStudy = (repeats: number): Study => ({
  experiment: 'scale',
  server: 'α 0.1, β 0.01, measured to 5 %',
  size: `${repeats} repeats`,
  truths: () => ({
    efficiency: uslThroughput(LAW, 5) / (5 * LAW.gamma),
    gamma: LAW.gamma,
    alpha: LAW.alpha,
    beta: LAW.beta,
    extrapolated: uslThroughput(LAW, 10),
  }),
  figures: (random, seed): readonly Figure[] =>
    scaleExperiment.analyze(SCALE_OPTIONS, { points: scalePoints(repeats, random), cores: 8 }, seed)
      .figures,
})

/** Single operations, memory over time, and numbers of instances. */
export const otherStudies: readonly Study[] = [
  microStudy(5),
  microStudy(10),
  ...[0, 0.5, 0.9].flatMap((alike) => [leakStudy(0, alike), leakStudy(0.1, alike)]),
  scaleStudy(5),
]
