/** Takes one unit after another and prints a dot for each, until killed. Run: `bun taker.fixture.ts <path>`. */
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../../core/clock.ts'
import { calendar, claimOf, START_MS } from '../contract/claims.ts'
import { openSqlite } from '../open-sqlite.ts'
import { COUNTER_ROWS } from './counter-rows.ts'
import { createDurableCounters } from './durable.ts'

const path = process.argv[2]!
const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
const counters = createDurableCounters({ records })
for (;;) {
  const { granted } = await counters.take([claimOf(calendar(100_000))], START_MS)
  if (granted) writeSync(1, '.')
  await setImmediate()
}
