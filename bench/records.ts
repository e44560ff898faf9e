/**
 * The cost of durable commits: rows per second with one, 8 and 64 committers that each wait for their
 * commit to be on disk. Run: `bun bench/records.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/core/clock.ts'
import { COUNTER_ROWS, openSqlite } from '../src/storage/index.ts'

const RUN_MS = 1500

const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
const path = join(folder, 'records.db')
const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
let rows = 0

async function commitUntil(endMs: number): Promise<void> {
  while (performance.now() < endMs) {
    const row = { id: `${rows++}`, used: 1, endMs: 1, createdAtMs: 1, updatedAtMs: 1 }
    await records.commit([{ op: 'insert', collection: COUNTER_ROWS.name, row }])
  }
}

for (const committers of [1, 8, 64, 1, 8, 64]) {
  const first = rows
  const began = performance.now()
  await Promise.all(Array.from({ length: committers }, async () => commitUntil(began + RUN_MS)))
  const perSecond = ((rows - first) * 1000) / (performance.now() - began)
  process.stdout.write(`${committers} committers: ${perSecond.toFixed(0)} rows/s\n`)
}
await records.close()
rmSync(folder, { recursive: true })
