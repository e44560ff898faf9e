/** Takes two units of each of many calendars, prints a dot and closes. Run: `bun closer.fixture.ts <path> <subjects>`. */
import { writeSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { calendar, claimOf, START_MS } from '../contract/claims.ts'
import { openSqlite } from '../open-sqlite.ts'
import { COUNTER_ROWS } from './counter-rows.ts'
import { createDurableCounters } from './durable.ts'

const path = process.argv[2]!
const subjects = Number(process.argv[3])
const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
const counters = createDurableCounters({ records })
await Promise.all(
  Array.from({ length: subjects }, async (_, at) =>
    counters.take([claimOf(calendar(1000), { subject: `subject ${at}`, cost: 2 })], START_MS),
  ),
)
writeSync(1, '.')
await counters.close()
