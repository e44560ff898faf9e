/**
 * Has a gate with small segments and a small audit log record more than fits, and checks that old segments are
 * dropped, new ones are begun and the chain still verifies.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { tollgate, withSecondGate } from './second-gate.ts'

const REQUESTS = 4000
const AT_ONCE = 50
const LOG_BYTES_MAX = 256 * 1024
const DROPPED_WITHIN_MS = 20_000

await withSecondGate(
  'audit: { segment: { size: 64KiB }, retention: { size: 256KiB } }',
  async ({ url, data, start, stop }) => {
    await start()
    const folder = join(data, 'ledger')
    const first = (await readdir(folder)).toSorted()[0]
    for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => (await fetch(`${url}/hello`)).text()),
      )
    }
    // Surplus segments are dropped at startup and every hour.
    await stop()
    await start()
    const deadlineMs = performance.now() + DROPPED_WITHIN_MS
    while ((await readdir(folder)).includes(first ?? '') && performance.now() < deadlineMs) {
      await (await fetch(`${url}/hello`)).text()
      await Bun.sleep(100)
    }
    await stop()
    const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted()
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(folder, name))).size),
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    const said = `${REQUESTS} requests, ${names.length} segments left of which the oldest is ${names[0]}, ${Math.round(bytes / 1024)} KiB`
    if (first === undefined || names.includes(first))
      throw new Error(`nothing was dropped: ${said}`)
    // The segment being written comes on top.
    if (bytes > LOG_BYTES_MAX * 1.5) throw new Error(`the log is larger than it may be: ${said}`)
    return `${said}; ${await tollgate('audit', 'verify', '--data', data)}`
  },
)
