import { createSeededRandom } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import { measureBlock, shuffled } from './abba.ts'
import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import { DISCARD_MS, SEED } from './bench.ts'
import { SERVER_PROCESSOR } from './child.ts'
import type { Report } from './finding.ts'
import { keepAwake } from './keep-awake.ts'
import { openLatencyArms } from './latency-arms.ts'
import { reportLatency } from './latency-report.ts'
import { latencyRowOf } from './latency-rows.ts'
import type { Latencies } from './open-loop.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { rest } from './rest.ts'

const BASE = armNamed('bare')
const AGAIN = armNamed('aa')
const GATE = armNamed('all')

/** p50 and p99 at a fixed rate, and what the gate adds to them. */
export async function measureLatency(options: Options): Promise<Report> {
  const random = createSeededRandom(SEED)
  const arms = await openLatencyArms([BASE, AGAIN, GATE], options)
  const letHalt = keepAwake(SERVER_PROCESSOR)
  const contenders = [AGAIN, GATE].map((arm) => ({ arm, blocks: [] as Block<Latencies>[] }))
  try {
    const slice = (arm: Arm) => async () =>
      arms.alone(arm, async () => {
        await rest()
        return arms.loop(arm).run(options.sliceMs, DISCARD_MS)
      })
    for (let round = 1; round <= options.blocks; round++) {
      progress(`block ${round} of ${options.blocks}`)
      for (const { arm, blocks } of shuffled(contenders, random)) {
        blocks.push(await measureBlock(slice(BASE), slice(arm), random))
      }
    }
    const [again, gate] = contenders.map(({ arm, blocks }) => latencyRowOf(arm, blocks, random))
    return reportLatency(
      { again: again!, gate: gate!, isKeptAwake: letHalt !== undefined },
      options,
      arms.isPinned,
    )
  } finally {
    await letHalt?.()
    await arms.close()
  }
}
