/**
 * Counts how often the lab finds a difference where there is none, on this machine: with `lab overhead` on a
 * synthetic server whose layer costs nothing, and with `lab compare` of a server with itself. Each run starts a
 * server of its own.
 *
 *     node bin/bun.mjs lab/bench/false-alarms.ts [--runs 40] [--slice 50]
 */
import { parseArgs } from 'node:util'
import { createRandom } from '../core/index.ts'
import { compareExperiment } from '../experiments/compare/index.ts'
import { overheadExperiment } from '../experiments/overhead/index.ts'
import { wilson } from '../statistics/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { createBenchWorld } from './world.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '40' },
    slice: { type: 'string', default: '50' },
  },
})
const runs = Number(values.runs)
const sliceMs = Number(values.slice)
const BLOCKS = 10

/** Differences that were found though there are none. */
interface Alarms {
  /** A layer of no cost was called distinguishable. */
  layer: number
  /** The baseline differed from itself, which makes a run inconclusive. */
  baseline: number
  /** A server was called slower than itself in a first run, and in a second one as well. */
  regression: number
  confirmed: number
}

async function overheadOnce(seed: number, alarms: Alarms): Promise<void> {
  const world = createBenchWorld(seed)
  const options = {
    source: { kind: 'synthetic', layers: { free: 0 } },
    budgets: [],
    connections: 32,
    sliceMs,
    blocksMin: BLOCKS,
    blocksMax: BLOCKS,
    durationMs: 1,
    precision: 0.0001,
    latencyBlocks: 0,
  } as const
  const raw = await overheadExperiment.measure(options, world)
  const { judgement, exhibits } = overheadExperiment.analyze(options, raw, seed)
  if (judgement.reason.includes('differs from itself')) alarms.baseline += 1
  for (const exhibit of exhibits) {
    if (exhibit.kind !== 'forest' || exhibit.id !== 'cpu') continue
    if (exhibit.rows.some((row) => row.label === 'free' && row.distinguishable)) alarms.layer += 1
  }
}

async function compareOnce(seed: number, alarms: Alarms): Promise<void> {
  const server = await startSyntheticServer()
  const request = { url: server.url, method: 'GET', headers: {}, body: null, status: 200 }
  try {
    const options = {
      baseline: { kind: 'interleaved', request },
      request,
      allowRemote: false,
      connections: 32,
      sliceMs,
      blocks: BLOCKS,
      budget: 0,
    } as const
    const raw = await compareExperiment.measure(options, createBenchWorld(seed))
    const { judgement } = compareExperiment.analyze(options, raw, seed)
    if (raw.runs.length > 1) alarms.regression += 1
    if (judgement.verdict === 'fail') alarms.confirmed += 1
  } finally {
    await server.stop()
  }
}

const alarms: Alarms = { layer: 0, baseline: 0, regression: 0, confirmed: 0 }
const random = createRandom(Date.now())
for (let run = 1; run <= runs; run += 1) {
  await overheadOnce(random.below(2 ** 31), alarms)
  await compareOnce(random.below(2 ** 31), alarms)
  process.stderr.write(`${run} of ${runs}: ${JSON.stringify(alarms)}\n`)
}
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const say = (count: number): string => {
  const { low, high } = wilson(count, runs)
  return `${count} of ${runs}, ${percent(count / runs)} (${percent(low)} to ${percent(high)})`
}
process.stdout.write(
  [
    `overhead, a layer that costs nothing was found:      ${say(alarms.layer)}`,
    `overhead, the baseline differed from itself:         ${say(alarms.baseline)}`,
    `compare, slower than itself in the first run:        ${say(alarms.regression)}`,
    `compare, and in the second: a failure without cause: ${say(alarms.confirmed)}`,
    '',
  ].join('\n'),
)
