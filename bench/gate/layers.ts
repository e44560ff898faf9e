import type { Block } from './abba.ts'
import { measureBlock, ratioOf, shuffled } from './abba.ts'
import type { Arm } from './arms.ts'
import { baselineOf } from './arms.ts'
import { armsOf, DISCARD_MS, openBench } from './bench.ts'
import type { Slice } from './closed-loop.ts'
import type { Finding, Report } from './finding.ts'
import { renderEstimate, renderFinding } from './finding.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { rest } from './rest.ts'
import type { Estimate } from './statistics.ts'
import { estimate, median, verdictOf } from './statistics.ts'
import type { Random } from '../../src/core/random.ts'

/** An arm next to its baseline. */
interface Row {
  readonly arm: Arm
  readonly throughput: Estimate
  readonly cpu: Estimate
  readonly requestsPerSecond: number
  readonly cpuUs: number
  /** Share of the wall time that the server was on a processor: near 1, or it was not at its limit. */
  readonly busy: number
}

/** Whether anything was answered: other work on the machine may take the processor for a whole slice. */
const hasAnswers = ({ requests, cpuNs }: Slice): boolean => requests > 0 && cpuNs > 0
const rate = ({ requests, seconds }: Slice): number => requests / seconds
const cpuPerRequest = ({ requests, cpuNs }: Slice): number => cpuNs / requests

/** Throughput and CPU per request of each arm, next to the bare server. */
export async function measureLayers(options: Options): Promise<Report> {
  const bench = await openBench(armsOf(options.only), options)
  try {
    const contenders = bench.arms.filter((arm) => baselineOf(arm) !== arm)
    const blocks = new Map<Arm, Block<Slice>[]>(contenders.map((arm) => [arm, []]))
    let stalled = 0
    for (let round = 1; round <= options.blocks; round++) {
      progress(`block ${round} of ${options.blocks}`)
      for (const arm of shuffled(contenders, bench.random)) {
        const slice = (of: Arm) => async () => {
          await rest()
          return bench.loop(of).run(options.sliceMs, DISCARD_MS)
        }
        const block = await measureBlock(slice(baselineOf(arm)), slice(arm), bench.random)
        if ([...block.base, ...block.arm].every(hasAnswers)) blocks.get(arm)?.push(block)
        else stalled += 1
      }
    }
    const rows = contenders.flatMap((arm) => rowsOf(arm, blocks.get(arm) ?? [], bench.random))
    const notes = [
      ...(bench.server.isPinned ? [] : ['The processes are not pinned to processors.']),
      ...(stalled === 0 ? [] : [`${stalled} blocks were left out: a slice in them had no answer.`]),
    ]
    return reportOf(rows, options, notes)
  } finally {
    await bench.close()
  }
}

function rowsOf(arm: Arm, blocks: readonly Block<Slice>[], random: Random): readonly Row[] {
  const of = (name: Arm, slices: readonly Slice[]) => ({
    arm: name,
    requestsPerSecond: median(slices.map(rate)),
    cpuUs: median(slices.map(cpuPerRequest)) / 1000,
    busy: median(slices.map(({ cpuNs, seconds }) => cpuNs / seconds / 1e9)),
  })
  const same = { value: 1, low: 1, high: 1 }
  const row: Row = {
    ...of(
      arm,
      blocks.flatMap((block) => block.arm),
    ),
    throughput: estimate(
      blocks.map((block) => ratioOf(block, rate)),
      random,
    ),
    cpu: estimate(
      blocks.map((block) => ratioOf(block, cpuPerRequest)),
      random,
    ),
  }
  if (!arm.name.startsWith('aa')) return [row]
  const base = of(
    baselineOf(arm),
    blocks.flatMap((block) => block.base),
  )
  return [{ ...base, throughput: same, cpu: same }, row]
}

function findingsOf({ arm, throughput, cpu }: Row): readonly Finding[] {
  const { target, title } = arm
  if (target === undefined) return []
  const first: Finding = {
    what: `throughput, ${title}`,
    value: throughput,
    bound: target.throughput,
    wants: 'above',
    verdict: verdictOf(throughput, target.throughput, 'above'),
  }
  if (target.cpu === undefined) return [first]
  const verdict = verdictOf(cpu, target.cpu, 'below')
  const second = { what: `CPU per request, ${title}`, value: cpu, bound: target.cpu, verdict }
  return [first, { ...second, wants: 'below' }]
}

function reportOf(rows: readonly Row[], options: Options, notes: readonly string[]): Report {
  const findings = rows.flatMap(findingsOf)
  const head = `${'arm'.padEnd(38)} ${'throughput ratio'.padEnd(21)} ${'CPU ratio'.padEnd(21)}`
  const lines = [
    `${options.keys} keys, ${options.blocks} blocks of 4 slices of ${options.sliceMs} ms; ` +
      'medians with 95 % intervals',
    ...notes,
    '',
    `${head}  requests/s   CPU µs   busy`,
    ...rows.map((row) =>
      [
        row.arm.title.padEnd(38),
        renderEstimate(row.throughput).padEnd(21),
        renderEstimate(row.cpu).padEnd(21),
        row.requestsPerSecond.toFixed(0).padStart(11),
        row.cpuUs.toFixed(2).padStart(8),
        row.busy.toFixed(2).padStart(6),
      ].join(' '),
    ),
    '',
    ...findings.map(renderFinding),
  ]
  return {
    lines,
    findings,
    data: { notes, rows: rows.map(({ arm, ...row }) => ({ ...row, ...arm })) },
  }
}
