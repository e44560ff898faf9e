/**
 * Writes entries and invalidates some, until it is killed. Prints `i <name> <version>` once an invalidation
 * was acknowledged: from then on no value of that name with a lower version may be found.
 * Run: `bun disk-writer.fixture.ts <folder> <first version>`.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { entryOf, put } from '../levels/contract/level.ts'
import { openDiskLevel } from './disk-level.ts'

const [folder, first] = process.argv.slice(2)
const level = await openDiskLevel({
  folder: folder!,
  bytesMax: 400_000,
  entryBytesMax: 16_384,
  accepts: () => true,
  clock: systemClock,
  random: systemRandom,
})
writeSync(1, 'ready\n')

async function work(worker: number): Promise<never> {
  for (let version = Number(first); ; version += 1) {
    const name = `w${worker}n${version % 7}`
    // Filled before and after, so that stale values lie in many segments.
    const body = `${version} ${'x'.repeat((version * 37) % 900)}`
    await put(level, `k${name}`, entryOf(systemClock, body, { tags: [name] }))
    if (version % 3 !== 0) continue
    await level.invalidate({ kind: 'tag', name })
    writeSync(1, `i ${name} ${version}\n`)
  }
}

await Promise.all(Array.from({ length: 4 }, async (_, worker) => work(worker)))
