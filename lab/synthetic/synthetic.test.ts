import { afterEach, describe, expect, test } from 'bun:test'
import type { SyntheticOptions, SyntheticServer } from './index.ts'
import { startSyntheticServer } from './index.ts'
import { createSyntheticHandler } from './routes.ts'

const servers: SyntheticServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(async (server) => server.stop()))
})

async function start(options: SyntheticOptions): Promise<SyntheticServer> {
  const server = await startSyntheticServer(options)
  servers.push(server)
  return server
}

const statusOf = async (url: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(url, { headers })).status

/** Whether a process runs: one that ended and whose end nobody asked for yet does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await Bun.file(`/proc/${pid}/stat`)
    .text()
    .catch(() => '')
  return stat !== '' && !/\) [XZ] /.test(stat)
}

describe('a synthetic server', () => {
  test('listens on this machine alone, on a port that was free', async () => {
    const server = await start({})
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect(await statusOf(server.url)).toBe(200)
    expect(await statusOf(`${server.url}/nothing`)).toBe(404)
  })

  test('layers cost what they are said to cost, in proportion', async () => {
    const { url, stats } = await start({ layersUs: { small: 200, large: 800 } })
    const cpuOf = async (on: string): Promise<number> => {
      const before = (await stats()).cpuUs
      for (let at = 0; at < 150; at += 1) await fetch(`${url}/layers?on=${on}`)
      return ((await stats()).cpuUs - before) / 150
    }
    await cpuOf('')
    const none = await cpuOf('')
    const [small, large, both] = [
      (await cpuOf('small')) - none,
      (await cpuOf('large')) - none,
      (await cpuOf('small,large')) - none,
    ]
    // What the process took, less what it took without: that of others does not count.
    expect(large).toBeGreaterThan(400)
    expect(large).toBeLessThan(2400)
    expect(large / small).toBeGreaterThan(2)
    expect(large / small).toBeLessThan(8)
    expect(both).toBeGreaterThan(large)
    const { layers } = await stats()
    expect([layers['small']?.burns, layers['large']?.burns]).toEqual([300, 300])
    // By its own clock no less than that; more where the process had to wait for its turn.
    expect((layers['large']?.meanNs ?? 0) / 1000 / large).toBeGreaterThan(0.5)
    expect(await statusOf(`${url}/layers?on=constructor`)).toBe(200)
  }, 20_000)

  test('leaks what it is told to leak, and keeps it through a collection', async () => {
    const { url, stats, collect } = await start({ leakBytes: 100_000 })
    await collect()
    const before = await stats()
    for (let at = 0; at < 100; at += 1) await fetch(`${url}/leak`)
    await collect()
    const after = await stats()
    expect(after.leakedBytes).toBe(10_000_000)
    expect(after.residentBytes - before.residentBytes).toBeGreaterThan(5_000_000)
  })

  test('fails as often as it is told to, the same requests for the same seed', async () => {
    const statuses = async (seed: number): Promise<number[]> => {
      const { url } = await start({ errorShare: 0.3, seed })
      const seen: number[] = []
      for (let at = 0; at < 100; at += 1) seen.push(await statusOf(`${url}/errors`))
      return seen
    }
    const first = await statuses(5)
    const failed = first.filter((status) => status === 500).length
    expect(failed).toBeGreaterThan(15)
    expect(failed).toBeLessThan(45)
    expect(await statuses(5)).toEqual(first)
    expect(await statuses(6)).not.toEqual(first)
  })

  test('stalls when it is told to: whoever asks meanwhile waits until it is over', async () => {
    let nowMs = 5000
    const waits: number[] = []
    const handle = createSyntheticHandler(
      { stall: { afterMs: 100, forMs: 2000 } },
      {
        nowMs: () => nowMs,
        nowNs: () => nowMs * 1e6,
        sleep: async (ms) => {
          waits.push(ms)
        },
        usage: () => ({ cpuUs: 0, heapBytes: 0, residentBytes: 0 }),
      },
    )
    for (const sinceMs of [0, 99, 100, 1100, 2099, 2100]) {
      nowMs = 5000 + sinceMs
      expect((await handle(new Request('http://127.0.0.1/delay'))).status).toBe(200)
    }
    expect(waits).toEqual([2000, 1000, 1])
  })

  test('limits a caller, and nobody else', async () => {
    const { url } = await start({ limitPerSecond: 3 })
    const ask = async (name: string) =>
      statusOf(`${url}/scene`, name === '' ? {} : { authorization: `Bearer ${name}` })
    const startMs = performance.now()
    const greedy = await Promise.all(Array.from({ length: 100 }, async () => ask('greedy-1')))
    // It counts by the second of its clock: those that were begun meanwhile, and the first and the last.
    const seconds = Math.floor((performance.now() - startMs) / 1000) + 2
    expect(greedy.filter((status) => status === 200).length).toBeLessThanOrEqual(3 * seconds)
    expect(new Set(greedy)).toEqual(new Set([200, 429]))
    expect(await ask('key-1')).toBe(200)
    expect(await ask('')).toBe(401)
  })

  test('ends when whoever started it is gone', async () => {
    const script = `
      import { startSyntheticServer } from ${JSON.stringify(`${import.meta.dir}/index.ts`)}
      const server = await startSyntheticServer()
      console.log(server.pid)
      process.kill(process.pid, 'SIGKILL')`
    const parent = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
    const pid = Number(await new Response(parent.stdout).text())
    await parent.exited
    expect(pid).toBeGreaterThan(1)
    while (await isRunning(pid)) await Bun.sleep(20)
  })
})
