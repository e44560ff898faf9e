/**
 * Whether `lab overhead` finds a layer that costs 5 % and does not find one that costs nothing, on this
 * machine: the synthetic server burns a known time for each. Takes about two minutes.
 *
 *     node bin/bun.mjs lab/bench/known-layers.ts [seconds]
 */
import { createRandom } from '../core/index.ts'
import type { World } from '../core/index.ts'
import type { Arm, OverheadOptions } from '../experiments/overhead/index.ts'
import { overheadExperiment } from '../experiments/overhead/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'

const SHARE = 0.05
const seconds = Number(process.argv[2] ?? 120)

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const world: World = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  seed: 1,
  random: createRandom(Date.now()),
  signal: new AbortController().signal,
  progress: { step: () => undefined, note: say, live: () => undefined },
}

const optionsFor = (arms: readonly Arm[], pid: number, durationMs: number): OverheadOptions => ({
  source: { kind: 'given', arms, pid },
  budgets: [],
  connections: 32,
  sliceMs: 200,
  blocksMin: 6,
  blocksMax: 200,
  durationMs,
  precision: 0.001,
  latencyBlocks: 0,
})

async function run(layersUs: Readonly<Record<string, number>>, durationMs: number) {
  const server = await startSyntheticServer({ layersUs })
  const arm = (name: string, role: Arm['role'], on: string): Arm => ({
    name,
    role,
    layer: name,
    request: {
      url: `${server.url}/layers?on=${on}`,
      method: 'GET',
      headers: {},
      body: null,
      status: 200,
    },
  })
  const arms = [
    arm('baseline', 'baseline', 'none'),
    arm('again', 'duplicate', 'none'),
    ...Object.keys(layersUs).map((name) => arm(name, 'alone', name)),
  ]
  try {
    const options = optionsFor(arms, server.pid, durationMs)
    const raw = await overheadExperiment.measure(options, world)
    return { raw, outcome: overheadExperiment.analyze(options, raw, 1) }
  } finally {
    await server.stop()
  }
}

const first = await run({ free: 0 }, 1000)
const slices = first.raw.blocks.flatMap((block) => block.slices).filter(({ arm }) => arm === 0)
const costs = slices.map(({ cpuNs, requests }) => (cpuNs ?? Number.NaN) / requests / 1000)
const baseUs = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? Number.NaN
say(`a request costs ${baseUs.toFixed(2)} µs; 5 % of that are burned`)

const { outcome } = await run({ dear: baseUs * SHARE, free: 0 }, seconds * 1000)
const forest = outcome.exhibits.find(({ kind }) => kind === 'forest')
const rows = forest?.kind === 'forest' ? forest.rows : []
const lines = rows.map(({ label, value, interval, distinguishable }) => {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const range = `${percent(interval.low)} to ${percent(interval.high)}`
  return `${label.padEnd(8)} ${percent(value).padStart(7)} (${range})  ${distinguishable ? 'found' : 'not found'}`
})
process.stdout.write(`${lines.join('\n')}\n${outcome.notes.join('\n')}\n`)
process.stdout.write(`${JSON.stringify(outcome.trust)}\n`)
const found = (name: string): boolean =>
  rows.some((row) => row.label === name && row.distinguishable)
process.exit(found('dear') && !found('free') ? 0 : 7)
