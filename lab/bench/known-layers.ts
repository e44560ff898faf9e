/**
 * Checks on this machine that `lab overhead` finds a layer that costs 5 %, does not find one that costs nothing,
 * and agrees with the times that the synthetic server measured itself in the same run.
 * Takes about two minutes. Exits with 7 if one of these does not hold.
 *
 *     node bin/bun.mjs lab/bench/known-layers.ts [seconds]
 */
import type { Arm, OverheadOptions } from '../experiments/overhead/index.ts'
import { overheadExperiment } from '../experiments/overhead/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { createBenchWorld } from './world.ts'

const SHARE = 0.05
const seconds = Number(process.argv[2] ?? 120)

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const world = createBenchWorld(Date.now())

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
    const measured = await overheadExperiment.measure(options, world)
    const { layers } = await server.stats()
    const timed = Object.entries(layers).map(([name, { meanNs }]) => [name, meanNs ?? 0] as const)
    const raw = { ...measured, burnedNs: Object.fromEntries(timed) }
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
const rowsOf = (id: string) =>
  outcome.exhibits.flatMap((exhibit) =>
    exhibit.id === id && exhibit.kind === 'table' ? exhibit.rows : [],
  )
const found = new Set(
  outcome.exhibits.flatMap((exhibit) =>
    exhibit.kind === 'forest' && exhibit.id === 'cpu'
      ? exhibit.rows.filter((row) => row.distinguishable).map(({ label }) => label)
      : [],
  ),
)
const percent = (share: unknown): string => `${(Number(share) * 100).toFixed(1)} %`
for (const [layer, ns, share, value, low, high, within] of rowsOf('known')) {
  const text = [
    `${String(layer).padEnd(5)} timed ${Number(ns).toFixed(0)} ns, ${percent(share)} of the baseline;`,
    `measured ${percent(value)} (${percent(low)} to ${percent(high)}):`,
    found.has(String(layer)) ? 'found,' : 'not found,',
    within === 'yes' ? 'within' : 'OUTSIDE',
  ]
  process.stdout.write(`${text.join(' ')}\n`)
}
process.stdout.write(`${outcome.notes.join('\n')}\n${JSON.stringify(outcome.trust)}\n`)
const areWithin = rowsOf('known').every((row) => row.at(-1) === 'yes')
process.exit(found.has('dear') && !found.has('free') && areWithin ? 0 : 7)
