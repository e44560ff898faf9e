import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { planLoad, readTarget, runLoad, singleRequest, summarizeLoad } from '../load/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { createBenchWorld } from './world.ts'

/**
 * Compares the load generator with wrk (one thread), in turn, on the same server and the same processor:
 * requests per second and processor time per request at saturation. It also reports the generator's lag at 10,000
 * requests per second.
 *
 *   node bin/bun.mjs lab/bench/generator.ts [--blocks 3] [--seconds 6] [--connections 64]
 */

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    connections: { type: 'string', default: '64' },
  },
})
const blocks = Number(values.blocks)
const seconds = Number(values.seconds)
const connections = Number(values.connections)

/** What one arm did in one block. */
interface Slice {
  readonly ratePerSecond: number
  readonly cpuUsPerRequest: number
}

const world = createBenchWorld(1)

const median = (of: readonly number[]): number => {
  const sorted = of.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

async function runOurs(url: string): Promise<Slice> {
  const plan = planLoad({
    target: readTarget(url),
    scenario: singleRequest({ path: '/' }),
    model: 'closed',
    level: connections,
    durationMs: seconds * 1000,
    seed: 1,
  })
  const result = await runLoad(plan, world)
  const { ratePerSecond } = summarizeLoad(result)
  return { ratePerSecond, cpuUsPerRequest: (result.cpuMs * 1000) / result.sent }
}

async function runWrk(url: string): Promise<Slice> {
  const child = Bun.spawn(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, `${url}/`], {
    stdout: 'pipe',
  })
  const text = await new Response(child.stdout).text()
  await child.exited
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
  const requests = Number(/(\d+) requests in/.exec(text)?.[1])
  const usage = child.resourceUsage()
  return { ratePerSecond: rate, cpuUsPerRequest: Number(usage?.cpuTime.total ?? 0) / requests }
}

async function measureLag(url: string): Promise<string> {
  const plan = planLoad({
    target: readTarget(url),
    scenario: singleRequest({ path: '/' }),
    level: 10_000,
    durationMs: 5000,
    warmUpMs: 1000,
    seed: 1,
  })
  const { lag, response, ratePerSecond, failed } = summarizeLoad(await runLoad(plan, world))
  const ms = (us: number): string => `${(us / 1000).toFixed(3)} ms`
  return [
    `at 10,000 planned a second: ${ratePerSecond.toFixed(0)} answered, ${failed} failed`,
    `lag p50 ${ms(lag.quantile(0.5))}, p99 ${ms(lag.quantile(0.99))}; response p50 ${ms(response.quantile(0.5))}, p99 ${ms(response.quantile(0.99))}`,
  ].join('; ')
}

if (Bun.which('wrk') === null) {
  process.stderr.write('wrk is not installed, so there is nothing to compare with\n')
  process.exit(1)
}
/** Both generators have one processor, the server another. */
function pin(pid: number, processor: number): boolean {
  if (Bun.which('taskset') === null || availableParallelism() < 2) return false
  return Bun.spawnSync(['taskset', '-a', '-c', '-p', String(processor), String(pid)]).success
}

const server = await startSyntheticServer()
const isPinned = pin(server.pid, 0) && pin(process.pid, 1)
try {
  // Both compile what they run before it counts.
  await runOurs(server.url)
  await runWrk(server.url)
  const ours: Slice[] = []
  const theirs: Slice[] = []
  for (let block = 0; block < blocks; block += 1) {
    const order = block % 2 === 0 ? ['ours', 'wrk'] : ['wrk', 'ours']
    for (const arm of order) {
      if (arm === 'ours') ours.push(await runOurs(server.url))
      else theirs.push(await runWrk(server.url))
    }
  }
  const ratio = (of: (slice: Slice) => number): string =>
    median(ours.map((slice, at) => of(slice) / of(theirs[at]!))).toFixed(2)
  const list = (all: readonly Slice[]): string =>
    all
      .map(
        (slice) =>
          `${(slice.ratePerSecond / 1000).toFixed(1)}k/s ${slice.cpuUsPerRequest.toFixed(1)} µs`,
      )
      .join(', ')
  const lines = [
    isPinned ? 'server on processor 0, generators on 1' : 'not pinned to processors',
    `generator: ${list(ours)}`,
    `wrk -t1:   ${list(theirs)}`,
    `requests a second, of wrk's:     ${ratio((slice) => slice.ratePerSecond)} (at least 0.9)`,
    `processor per request, of wrk's: ${ratio((slice) => slice.cpuUsPerRequest)} (at most 1.3)`,
    await measureLag(server.url),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
} finally {
  await server.stop()
}
