import { compile } from '../../src/rego/index.ts'
import { largePolicy } from './policies.ts'

/**
 * Measures the memory of a large policy, in a process of its own: `memory.ts [bytes]` prints JSON. Heap and
 * resident memory are given as multiples of the source, after garbage collection; `peak` is the most that
 * was resident at any time, including the runtime itself.
 */
const scenario = largePolicy(Number(process.argv[2] ?? '10000000'))
const sourceBytes = scenario.module.length

/** Time in which the runtime returns pages to the system in the background. */
const SETTLE_MS = 300

async function settled(): Promise<NodeJS.MemoryUsage> {
  Bun.gc(true)
  await Bun.sleep(SETTLE_MS)
  Bun.gc(true)
  await Bun.sleep(SETTLE_MS)
  return process.memoryUsage()
}

const before = await settled()
const start = performance.now()
const policy = compile({ modules: { 'p.rego': scenario.module } })
const compiledMs = performance.now() - start
const decide = policy.prepare(scenario.entry)
const preparedMs = performance.now() - start - compiledMs
const answers = Object.values(scenario.inputs).map((input) => decide(input))
const after = await settled()
const times = (bytes: number): number => Math.round((bytes / sourceBytes) * 10) / 10

process.stdout.write(
  `${JSON.stringify({
    sourceBytes,
    compiledMs: Math.round(compiledMs),
    preparedMs: Math.round(preparedMs),
    heapTimes: times(after.heapUsed - before.heapUsed),
    residentTimes: times(after.rss - before.rss),
    peakTimes: times(process.resourceUsage().maxRSS * 1024),
    answers,
  })}\n`,
)
