/**
 * Backs up the running gate of the plan as docs/guides/operations.md describes, starts another gate on the
 * copy, and verifies the answer, the number of records and the chain of the audit log.
 */
import { Database } from 'bun:sqlite'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DATA, tollgate, withSecondGate } from './second-gate.ts'

function countRecords(path: string): number {
  const database = new Database(path, { readonly: true })
  try {
    const tables = database
      .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
    const count = (table: string): number =>
      database.query<{ count: number }, []>(`SELECT count(*) AS count FROM "${table}"`).get()
        ?.count ?? 0
    return tables.reduce((sum, { name }) => sum + count(name), 0)
  } finally {
    database.close()
  }
}

await withSecondGate('', async ({ url, data, start, stop }) => {
  const copy = join(data, 'tollgate.db')
  await mkdir(join(data, 'ledger'), { recursive: true, mode: 0o700 })
  const database = new Database(join(DATA, 'tollgate.db'))
  database.run('VACUUM INTO ?', [copy])
  database.close()
  const segments = (await readdir(join(DATA, 'ledger'))).filter((name) => name.endsWith('.log'))
  for (const name of segments)
    await copyFile(join(DATA, 'ledger', name), join(data, 'ledger', name))
  await copyFile(join(DATA, 'pepper'), join(data, 'pepper'))
  const records = countRecords(copy)
  if (records === 0) throw new Error('the backup contains no record')
  const startMs = performance.now()
  await start()
  const took = `${((performance.now() - startMs) / 1000).toFixed(1)} s`
  const { status } = await fetch(`${url}/hello`)
  if (status !== 200) throw new Error(`the restored gate answers ${status}`)
  const code = await stop()
  if (code !== 0) throw new Error(`the restored gate ended with ${code}`)
  const verified = await tollgate('audit', 'verify', '--data', data)
  return `${records} records and ${segments.length} segments restored, ready after ${took}; ${verified}`
})
