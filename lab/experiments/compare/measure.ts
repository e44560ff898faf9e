import type { World } from '../../core/index.ts'
import { LabError, createRandom } from '../../core/index.ts'
import { createHistogram } from '../../histogram/index.ts'
import { differencesBetween, readFingerprint } from '../../machine/index.ts'
import type { Slice, SliceRequest, Slicer } from '../../slices/index.ts'
import { balancedOrder, openSlicer, processesOf, serverPid } from '../../slices/index.ts'
import { median } from '../../statistics/index.ts'
import { differencesOf, isRegression } from './differences.ts'
import { BLOCKS_MIN } from './metrics.ts'
import type { CompareOptions, CompareRaw, CompareRun, PairRaw, SideRaw } from './raw.ts'

/** A server with its connections. */
interface Server {
  readonly slicer: Slicer
  readonly pid: number | null
}

/** Runs the blocks, and runs them a second time if the first finds a regression. */
export async function measureCompare(options: CompareOptions, world: World): Promise<CompareRaw> {
  const { baseline } = options
  const differences =
    baseline.kind === 'stored' ? differencesBetween(baseline.fingerprint, readFingerprint()) : []
  // On another machine no figure would mean anything.
  if (differences.length > 0) return { runs: [], rate: 0, differences }
  const opened: Server[] = []
  const open = async (name: string, request: SliceRequest): Promise<Server> => {
    const { connections, allowRemote } = options
    const named = { name, request }
    const slicer = await openSlicer(named, connections, allowRemote, world.monotonicMs)
    const server = { slicer, pid: serverPid([request.url]) }
    opened.push(server)
    const status = await slicer.probe()
    if (status !== request.status) {
      throw new LabError(`${request.url} is answered with ${status}, not with ${request.status}`)
    }
    await slicer.saturate(WARM_UP_SLICES * options.sliceMs, [])
    return server
  }
  try {
    world.progress.step('warming up', 0, 1)
    const candidate = await open('candidate', options.request)
    const bases =
      baseline.kind === 'interleaved'
        ? ([
            await open('baseline', baseline.request),
            await open('baseline again', baseline.request),
          ] as const)
        : undefined
    const rate =
      baseline.kind === 'stored'
        ? baseline.rate
        : await halfOfCapacity(bases?.[0] ?? candidate, options, world)
    const runOnce = async (): Promise<CompareRun> =>
      bases === undefined
        ? { pairs: [], blocks: await runAlone(candidate, rate, options, world) }
        : { pairs: await runPairs(candidate, bases, { rate, options }, world), blocks: [] }
    const first = await runOnce()
    const runs = needsConfirmation(first, options) ? [first, await runOnce()] : [first]
    return { runs, rate, differences }
  } finally {
    for (const { slicer } of opened) slicer.close()
  }
}

const WARM_UP_SLICES = 5
const CAPACITY_SLICES = 3

async function halfOfCapacity(
  { slicer }: Server,
  { sliceMs }: CompareOptions,
  { progress }: World,
): Promise<number> {
  progress.step('looking for a rate', 0, 1)
  const rates: number[] = []
  for (let at = 0; at < CAPACITY_SLICES; at += 1) {
    const { requests, seconds } = await slicer.saturate(sliceMs, [])
    if (requests > 0) rates.push(requests / seconds)
  }
  if (rates.length === 0) throw new LabError('the server did not answer in time')
  return median(rates) / 2
}

function needsConfirmation(run: CompareRun, { baseline, budget }: CompareOptions): boolean {
  if (baseline.kind === 'none') return false
  const stored = baseline.kind === 'stored' ? baseline.blocks : []
  return differencesOf(run, stored, createRandom(1)).some((one) => isRegression(one, budget))
}

interface Visit {
  readonly rate: number
  readonly options: CompareOptions
}

/** What is collected from one server in a block. */
interface Side {
  readonly slices: Slice[]
  readonly times: ReturnType<typeof createHistogram>
  unanswered: number
}

const newSide = (): Side => ({ slices: [], times: createHistogram(), unanswered: 0 })
const stored = ({ slices, times, unanswered }: Side): SideRaw => ({
  slices,
  times: times.toJSON(),
  unanswered,
})

/** Measures one server briefly: as fast as it answers, then at the common rate. */
async function visit(
  { slicer, pid }: Server,
  { rate, options }: Visit,
  side: Side,
  { random, signal }: World,
): Promise<void> {
  signal.throwIfAborted()
  side.slices.push(await slicer.saturate(options.sliceMs, processesOf(pid)))
  signal.throwIfAborted()
  const { times } = side
  const wish = { ms: options.sliceMs, perSecond: rate, random, times, lag: createHistogram() }
  side.unanswered += await slicer.pace(wish)
}

async function runAlone(
  server: Server,
  rate: number,
  options: CompareOptions,
  world: World,
): Promise<readonly SideRaw[]> {
  const blocks: SideRaw[] = []
  for (let block = 0; block < Math.max(BLOCKS_MIN, options.blocks); block += 1) {
    world.progress.step('blocks', block, options.blocks)
    const side = newSide()
    await visit(server, { rate, options }, side, world)
    await visit(server, { rate, options }, side, world)
    blocks.push(stored(side))
  }
  return blocks
}

async function runPairs(
  candidate: Server,
  [base, same]: readonly [Server, Server],
  wish: Visit,
  world: World,
): Promise<readonly PairRaw[]> {
  const pairs: PairRaw[] = []
  const { blocks } = wish.options
  for (let block = 0; block < blocks; block += 1) {
    world.progress.step('blocks of both servers', block, blocks)
    const contenders = world.random.shuffle([
      { kind: 'candidate' as const, server: candidate },
      { kind: 'baseline' as const, server: same },
    ])
    for (const { kind, server } of contenders) {
      const [own, other] = [newSide(), newSide()]
      for (const turn of balancedOrder(base, server, world.random)) {
        await visit(turn, wish, turn === base ? own : other, world)
      }
      pairs.push({ kind, base: stored(own), other: stored(other) })
    }
  }
  return pairs
}
