import { LabError } from '../../core/index.ts'
import type { Random, World } from '../../core/index.ts'
import { createHistogram } from '../../histogram/index.ts'
import type { Slicer } from '../../slices/index.ts'
import { balancedOrder, openSlicers, processesOf, serverPid } from '../../slices/index.ts'
import { median } from '../../statistics/index.ts'
import type { Arm, ArmName } from './arm.ts'
import { problemOf, referenceOf } from './arm.ts'
import type { Budget } from './budget.ts'
import { isDecided } from './decided.ts'
import type { Block, LatencyBlock, OverheadOptions, OverheadRaw, Slice } from './raw.ts'
import { openSource } from './source.ts'

/** Arms with their connections and the processes behind them. */
interface Bench {
  readonly arms: readonly Arm[]
  readonly loads: readonly Slicer[]
  readonly serverPids: () => readonly number[]
}

const WARM_UP_SLICES = 5

/** Runs blocks of slices over all arms at saturation, then at a common rate. */
export async function measureOverhead(
  options: OverheadOptions,
  world: World,
): Promise<OverheadRaw> {
  const source = await openSource(options.source, world)
  let loads: readonly Slicer[] = []
  try {
    const { arms } = source
    const problem = problemOf(arms) ?? problemOfBudgets(options.budgets, arms)
    if (problem !== undefined) throw new LabError(problem)
    const { connections } = options
    loads = await openSlicers(arms, connections, source.allowRemote, world.monotonicMs)
    const pid = source.pid ?? serverPid(arms.map(({ request }) => request.url))
    const serverPids = (): readonly number[] => processesOf(pid)
    const bench: Bench = { arms, loads, serverPids }
    await warmUp(bench, options, world)
    const cpuBefore = process.cpuUsage()
    const startMs = world.monotonicMs()
    const saturated = await saturate(bench, options, world)
    const generator = process.cpuUsage(cpuBefore)
    const tookMs = world.monotonicMs() - startMs
    const burnedNs = await source.burned?.()
    const rate = options.latencyBlocks > 0 ? commonRate(arms, saturated.blocks) : null
    const lag = createHistogram()
    const latency =
      rate === null ? [] : await paceAll(bench, { options, rate, lag, random: world.random }, world)
    return {
      arms: arms.map(nameOf),
      blocks: saturated.blocks,
      rate,
      latency,
      lag: rate === null ? null : lag.toJSON(),
      stopped: saturated.stopped,
      generatorCores: (generator.user + generator.system) / 1000 / tookMs,
      ...(burnedNs !== undefined && { burnedNs }),
    }
  } finally {
    for (const load of loads) load.close()
    await source.close()
  }
}

/** Finds budgets for arms that do not exist before the measurement, not after it. */
function problemOfBudgets(budgets: readonly Budget[], arms: readonly Arm[]): string | undefined {
  const names = arms.map(({ name }) => name)
  const wrong = budgets.find(({ arm }) => !names.includes(arm))
  return wrong && `${wrong.text}: there is no arm "${wrong.arm}", but ${names.join(', ')}`
}

const nameOf = ({ name, role, layer, against }: Arm): ArmName => ({
  name,
  role,
  layer,
  ...(against !== undefined && { against }),
})

async function warmUp(
  { arms, loads }: Bench,
  { sliceMs }: OverheadOptions,
  world: World,
): Promise<void> {
  for (const [at, arm] of arms.entries()) {
    world.signal.throwIfAborted()
    world.progress.step(`warming up ${arm.name}`, at, arms.length)
    // A limit may have to be used up before it refuses.
    if (arm.role === 'refused') await loads[at]!.probe()
    const status = await loads[at]!.probe()
    if (status !== arm.request.status) {
      const { method, url } = arm.request
      throw new LabError(
        `${arm.name}: ${method} ${url} is answered with ${status}, not with ${arm.request.status}`,
      )
    }
    await loads[at]!.saturate(WARM_UP_SLICES * sliceMs, [])
  }
}

/** Every arm with its reference, in random order. */
function contendersOf(
  arms: readonly ArmName[],
  random: Random,
): readonly (readonly [contender: number, reference: number])[] {
  return random.shuffle(
    arms.flatMap((arm, at): [number, number][] => {
      const reference = referenceOf(arms, arm)
      return reference === undefined ? [] : [[at, reference]]
    }),
  )
}

async function saturate(
  bench: Bench,
  options: OverheadOptions,
  world: World,
): Promise<Pick<OverheadRaw, 'blocks' | 'stopped'>> {
  const { arms, loads } = bench
  const { random, progress, signal, monotonicMs } = world
  const endMs = monotonicMs() + options.durationMs
  const blocks: Block[] = []
  for (let round = 1; round <= options.blocksMax; round += 1) {
    progress.step('blocks as fast as it answers', round - 1, options.blocksMax)
    const serverPids = bench.serverPids()
    for (const [contender, reference] of contendersOf(arms, random)) {
      const slices: Slice[] = []
      for (const arm of balancedOrder(contender, reference, random)) {
        signal.throwIfAborted()
        const slice = await loads[arm]!.saturate(options.sliceMs, serverPids)
        slices.push({ arm, ...slice })
        progress.live({
          arm: arms[arm]?.name ?? '',
          rate: `${Math.round(slice.requests / Math.max(slice.seconds, 1e-3))}/s`,
          ...(slice.cpuNs !== null && {
            CPU: `${(slice.cpuNs / 1000 / Math.max(1, slice.requests)).toFixed(1)} µs`,
          }),
        })
      }
      blocks.push({ contender, reference, slices })
    }
    if (isDecided(options, arms, blocks, round)) return { blocks, stopped: 'decided' }
    if (round >= options.blocksMin && monotonicMs() >= endMs) return { blocks, stopped: 'time' }
  }
  return { blocks, stopped: 'blocks' }
}

const SHARE_OF_FULL = 0.5

/** Half the throughput of the arm with all layers or, if there is none, of the slowest arm. */
function commonRate(arms: readonly Arm[], blocks: readonly Block[]): number | null {
  const slices = blocks.flatMap((block) => block.slices).filter(({ requests }) => requests > 0)
  const rates = arms.map((_, at) =>
    median(slices.filter(({ arm }) => arm === at).map((slice) => slice.requests / slice.seconds)),
  )
  const full = arms.findIndex(({ role }) => role === 'all')
  const rate = SHARE_OF_FULL * (full >= 0 ? (rates[full] ?? Number.NaN) : Math.min(...rates))
  return Number.isFinite(rate) && rate >= 1 ? rate : null
}

interface Pacing {
  readonly options: OverheadOptions
  readonly rate: number
  readonly lag: ReturnType<typeof createHistogram>
  readonly random: Random
}

/** More than the 1,000 requests that a block needs per side for its 99th percentile. */
const REQUESTS_PER_SIDE = 1200

async function paceAll(
  { arms, loads }: Bench,
  { options, rate, lag, random }: Pacing,
  { progress, signal }: World,
): Promise<readonly LatencyBlock[]> {
  const ms = Math.max(options.sliceMs, ((REQUESTS_PER_SIDE / 2) * 1000) / rate)
  const blocks: LatencyBlock[] = []
  for (let round = 0; round < options.latencyBlocks; round += 1) {
    progress.step(`blocks at ${Math.round(rate)} requests a second`, round, options.latencyBlocks)
    for (const [contender, reference] of contendersOf(arms, random)) {
      const times = new Map([contender, reference].map((arm) => [arm, createHistogram()]))
      let failed = 0
      for (const arm of balancedOrder(contender, reference, random)) {
        signal.throwIfAborted()
        const wish = { ms, perSecond: rate, random, times: times.get(arm)!, lag }
        failed += await loads[arm]!.pace(wish)
      }
      blocks.push({
        contender,
        reference,
        failed,
        contenderTimes: times.get(contender)!.toJSON(),
        referenceTimes: times.get(reference)!.toJSON(),
      })
    }
  }
  return blocks
}
