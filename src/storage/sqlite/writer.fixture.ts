/**
 * Commits rows, eight at a time, and prints each id once its commit is acknowledged, until it is
 * killed. Run: `bun writer.fixture.ts <path> <round>`.
 */
import { systemClock } from '../../core/clock.ts'
import { THINGS, thingOf } from '../contract/things.ts'
import { openSqlite } from '../open-sqlite.ts'

const [path, round] = process.argv.slice(2)
const records = await openSqlite({ path: path!, collections: [THINGS], clock: systemClock })

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const id = `${round}-${writer}-${count}`
    const outcome = await records.commit([{ op: 'insert', collection: 'things', row: thingOf(id) }])
    if (outcome.ok) process.stdout.write(`${id}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, async (_, writer) => write(writer)))
