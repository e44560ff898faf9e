/**
 * Bans one address after another by violations and prints each once its ban is on disk, until
 * killed. Run: `bun banner.fixture.ts <path>`.
 */
import { writeSync } from 'node:fs'
import { anonymousCaller } from '../../core/caller.ts'
import { systemClock } from '../../core/clock.ts'
import { createIdFactory } from '../../core/ids.ts'
import { systemRandom } from '../../core/random.ts'
import { createMemoryBus, openSqlite } from '../../storage/index.ts'
import { bansConfig } from '../config.ts'
import { bansCollection } from './ban.ts'
import { createBans } from './bans.ts'

const path = process.argv[2]!
const bans = createBans({
  config: bansConfig.parse({}),
  records: await openSqlite({ path, collections: [bansCollection], clock: systemClock }),
  bus: createMemoryBus(),
  clock: systemClock,
  ids: createIdFactory(systemClock, systemRandom),
})
await bans.load()
const pid = process.pid % 250
for (let at = 0; ; at++) {
  const address = `10.${pid}.${(at >> 8) & 255}.${at & 255}`
  for (let time = 0; time < 5; time++) {
    bans.record({ code: 'rate_limited', address, caller: anonymousCaller })
  }
  await bans.flush()
  writeSync(1, `${address}\n`)
}
