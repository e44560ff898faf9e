import type { Block } from './abba.ts'
import { measureBlock, ratioOf } from './abba.ts'
import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import type { Bench } from './bench.ts'
import { DISCARD_MS, openBench } from './bench.ts'
import type { Server } from './child.ts'
import type { ClosedLoop } from './closed-loop.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { Finding, Report } from './finding.ts'
import { renderFinding } from './finding.ts'
import { keepBlocks } from './kept-blocks.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'
import { rest } from './rest.ts'
import type { Slice } from './slice.ts'
import { cpuPerRequest } from './slice.ts'
import type { Estimate } from './statistics.ts'
import { estimate, verdictOf } from './statistics.ts'

const FEW_KEYS = 10_000
const CONNECTIONS = 64
const CPU_RATIO_MAX = 1.1
const KEY_BYTES_MAX = 600
const ARMS = ['bare', 'all'] as const

/** How the cost of one arm depends on the number of keys in use. */
interface Ratio {
  readonly cpu: Estimate
  readonly isSpoilt: boolean
}

/** CPU per request when 10,000 keys are in use and when all are, and memory per active key. */
export async function measureScale(options: Options): Promise<Report> {
  const few = Math.min(FEW_KEYS, Math.floor(options.keys / 2))
  const bench = await openBench(ARMS.map(armNamed), options)
  const ratios: Record<string, Ratio> = {}
  try {
    for (const name of ARMS) {
      const arm = armNamed(name)
      ratios[name] = await bench.alone(arm, async (server) =>
        ratioOfKeys(bench, arm, server, few, options),
      )
    }
    return reportOf(options, few, ratios, bench.memory(armNamed('all')))
  } finally {
    await bench.close()
  }
}

async function ratioOfKeys(
  bench: Bench,
  arm: Arm,
  server: Server,
  few: number,
  { blocks: rounds, sliceMs }: Options,
): Promise<Ratio> {
  const requests = prepareRequests('post', bench.keys.slice(0, few))
  const fewKeys = await createClosedLoop(server, requests, CONNECTIONS)
  const blocks: Block<Slice>[] = []
  const slice = (loop: ClosedLoop) => async () => {
    await rest()
    return loop.run(sliceMs, DISCARD_MS)
  }
  for (let round = 1; round <= rounds; round++) {
    progress(`${arm.name}: block ${round} of ${rounds}`)
    blocks.push(await measureBlock(slice(fewKeys), slice(bench.loop(arm)), bench.random))
  }
  fewKeys.close()
  const kept = keepBlocks(blocks)
  const shown = kept.isSpoilt ? blocks : kept.blocks
  const cpu = estimate(
    shown.map((block) => ratioOf(block, cpuPerRequest)),
    bench.random,
  )
  return { cpu, isSpoilt: kept.isSpoilt }
}

function reportOf(
  options: Options,
  few: number,
  ratios: Readonly<Record<string, Ratio>>,
  { before, after }: ReturnType<Bench['memory']>,
): Report {
  const same = (value: number): Estimate => ({ value, low: value, high: value })
  const heap = (after.heapBytes - before.heapBytes) / options.keys
  const resident = (after.residentBytes - before.residentBytes) / options.keys
  const findings: Finding[] = ARMS.map((name) => {
    const { cpu: value, isSpoilt } = ratios[name]!
    const what = `CPU per request, ${options.keys} keys against ${few}, ${armNamed(name).title}`
    const judged = isSpoilt ? 'UNSURE' : verdictOf(value, CPU_RATIO_MAX, 'below')
    const verdict = name === 'bare' ? 'PASS' : judged
    return { what, value, bound: CPU_RATIO_MAX, wants: 'below', verdict }
  })
  findings.push({
    what: 'bytes of the heap for each active key',
    value: same(heap),
    bound: KEY_BYTES_MAX,
    wants: 'below',
    verdict: verdictOf(same(heap), KEY_BYTES_MAX, 'below'),
  })
  const lines = [
    ...findings.map(renderFinding),
    `       ${resident.toFixed(0)} bytes of resident memory for each active key, page cache of the database included`,
  ]
  return { lines, findings, data: { ratios, heapBytesPerKey: heap, residentBytesPerKey: resident } }
}
