import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { SyntheticServer } from '../synthetic/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { failures, loadOn, responseMs } from './load.fixture.ts'

/** Ten at a time for 20 ms each: no generator gets more than 500 a second out of it. */
const CAPACITY = { concurrent: 10, serviceMs: 20, queueMax: 1000 }
const CONNECTIONS = 30

let server: SyntheticServer
beforeAll(async () => {
  server = await startSyntheticServer({ capacity: CAPACITY })
})
afterAll(async () => server.stop())

const say = (name: string): string =>
  `rate and median agree with ${name}${has(name) ? '' : ' (not installed)'}`
const has = (name: string): boolean => Bun.which(name) !== null

async function output(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'ignore' })
  const text = await new Response(child.stdout).text()
  await child.exited
  return text
}

/** What our own users see of the same server, one after the other with the other generator. */
async function ours() {
  const result = await loadOn(`${server.url}/capacity`, {
    model: 'closed',
    level: CONNECTIONS,
    durationMs: 3000,
    warmUpMs: 500,
  })
  expect(failures(result)).toBe(0)
  return { rate: result.completedInTime / 2.5, medianMs: responseMs(result, 0.5) }
}

const near = (one: number, other: number): void => {
  expect(one / other).toBeGreaterThan(0.85)
  expect(one / other).toBeLessThan(1.18)
}

describe('on a server whose capacity decides', () => {
  test.skipIf(!has('wrk'))(
    say('wrk'),
    async () => {
      const url = `${server.url}/capacity`
      const text = await output(['wrk', '-t1', `-c${CONNECTIONS}`, '-d3s', '--latency', url])
      const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
      const medianMs = Number(/50%\s+([\d.]+)ms/.exec(text)?.[1])
      const own = await ours()
      near(own.rate, rate)
      near(own.medianMs, medianMs)
    },
    20_000,
  )

  test.skipIf(!has('h2load'))(
    say('h2load'),
    async () => {
      const url = `${server.url}/capacity`
      const text = await output(['h2load', '--h1', '-t1', `-c${CONNECTIONS}`, '-D3', url])
      const rate = Number(/finished in [\d.]+s, ([\d.]+) req\/s/.exec(text)?.[1])
      const own = await ours()
      near(own.rate, rate)
    },
    20_000,
  )
})
