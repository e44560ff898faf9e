import { measureBlock, ratioOf } from './abba.ts'
import { armNamed } from './arms.ts'
import { armsOf, DISCARD_MS, openBench } from './bench.ts'
import type { Slice } from './closed-loop.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { Finding, Report } from './finding.ts'
import { renderFinding } from './finding.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'
import { rest } from './rest.ts'
import type { Estimate } from './statistics.ts'
import { estimate, verdictOf } from './statistics.ts'

const FEW_KEYS = 10_000
const CONNECTIONS = 64
const CPU_RATIO_MAX = 1.1
const KEY_BYTES_MAX = 600
const ARMS = ['bare', 'all'] as const

const cpuPerRequest = ({ requests, cpuNs }: Slice): number => cpuNs / requests

/** CPU per request when 10,000 keys are in use and when all are, and memory per active key. */
export async function measureScale(options: Options): Promise<Report> {
  const few = Math.min(FEW_KEYS, Math.floor(options.keys / 2))
  const bench = await openBench(armsOf(['all']), options)
  const { server, random } = bench
  const requests = prepareRequests('post', server.keys.slice(0, few))
  const ratios: Record<string, Estimate> = {}
  try {
    for (const name of ARMS) {
      const fewKeys = await createClosedLoop(server, name, requests, CONNECTIONS)
      const manyKeys = bench.loop(armNamed(name))
      const blocks: number[] = []
      for (let round = 1; round <= options.blocks; round++) {
        progress(`${name}: block ${round} of ${options.blocks}`)
        const slice = (loop: typeof fewKeys) => async () => {
          await rest()
          return loop.run(options.sliceMs, DISCARD_MS)
        }
        const block = await measureBlock(slice(fewKeys), slice(manyKeys), random)
        blocks.push(ratioOf(block, cpuPerRequest))
      }
      fewKeys.close()
      ratios[name] = estimate(blocks, random)
    }
    return reportOf(options, few, ratios, bench.memory)
  } finally {
    await bench.close()
  }
}

function reportOf(
  options: Options,
  few: number,
  ratios: Readonly<Record<string, Estimate>>,
  { before, after }: Awaited<ReturnType<typeof openBench>>['memory'],
): Report {
  const same = (value: number): Estimate => ({ value, low: value, high: value })
  const heap = (after.heapBytes - before.heapBytes) / options.keys
  const resident = (after.residentBytes - before.residentBytes) / options.keys
  const findings: Finding[] = ARMS.map((name) => {
    const value = ratios[name] ?? same(Number.NaN)
    const what = `CPU per request, ${options.keys} keys against ${few}, ${armNamed(name).title}`
    const verdict = name === 'bare' ? 'PASS' : verdictOf(value, CPU_RATIO_MAX, 'below')
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
