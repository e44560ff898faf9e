import type { Block } from './abba.ts'
import { measureBlock, shuffled } from './abba.ts'
import type { Arm } from './arms.ts'
import { armsOf, baselineOf } from './arms.ts'
import { DISCARD_MS, openBench } from './bench.ts'
import type { Report } from './finding.ts'
import { rowsOf } from './layers-rows.ts'
import { reportLayers } from './layers-report.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { rest } from './rest.ts'
import type { Slice } from './slice.ts'

/** Throughput and CPU per request of each arm, relative to the bare server. */
export async function measureLayers(options: Options): Promise<Report> {
  const bench = await openBench(armsOf(options.only), options)
  try {
    const contenders = bench.arms.filter((arm) => baselineOf(arm) !== arm)
    const blocks = new Map<Arm, Block<Slice>[]>(contenders.map((arm) => [arm, []]))
    const slice = (arm: Arm) => async () =>
      bench.alone(arm, async () => {
        await rest()
        return bench.loop(arm).run(options.sliceMs, DISCARD_MS)
      })
    for (let round = 1; round <= options.blocks; round++) {
      progress(`block ${round} of ${options.blocks}`)
      for (const arm of shuffled(contenders, bench.random)) {
        const block = await measureBlock(slice(baselineOf(arm)), slice(arm), bench.random)
        blocks.get(arm)!.push(block)
      }
    }
    const rows = contenders.flatMap((arm) => rowsOf(arm, blocks.get(arm)!, bench.random))
    return reportLayers(rows, options, bench.isPinned)
  } finally {
    await bench.close()
  }
}
