import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { auditConfig, createLedger } from './index.ts'
import { adminEntry, traffic } from './ledger.fixture.ts'
import { openTestLog } from './log.fixture.ts'

// A process that writes until it is killed, and prints what was acknowledged on stdout.
const [folder = '', round = '0'] = process.argv.slice(2)
const STDOUT = 1
const ledger = await createLedger({
  log: await openTestLog(join(folder, 'log')),
  clock: systemClock,
  config: auditConfig.parse({ segment: { size: '32KiB' } }),
  indexFolder: join(folder, 'index'),
})
for (let at = 0; ; at++) {
  for (let count = 0; count < 50; count++) ledger.record(traffic())
  const targets = [`${round}-${at}-x`, `${round}-${at}-y`]
  const seqs = await Promise.all(targets.map(async (target) => ledger.append(adminEntry(target))))
  writeSync(STDOUT, targets.map((target, which) => `${seqs[which]} ${target}\n`).join(''))
}
