import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SyntheticServer } from '../synthetic/index.ts'
import { startSyntheticServer } from '../synthetic/index.ts'
import { backfill } from '../histogram/index.ts'
import type { Histogram } from '../histogram/index.ts'
import { failures, loadOn, responseMs, responses } from './load.fixture.ts'

/** Answers take 60 ms on average, and often much longer: no generator is faster than its users. */
const MEAN_MS = 60
const CONNECTIONS = 60

interface Seen {
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p75: number
  readonly p90: number
  readonly p99: number
}

const seenOf = (rate: number, times: Histogram): Seen => ({
  rate,
  p50: times.quantile(0.5) / 1000,
  p75: times.quantile(0.75) / 1000,
  p90: times.quantile(0.9) / 1000,
  p99: times.quantile(0.99) / 1000,
})

let server: SyntheticServer
let own: Seen
let meanMs: number
let longestMs: number
let ownFilled: Seen
/** What nine of ten requests that are answered at once take meanwhile: what this machine adds to all. */
let controlMs: number
let wrkSaid: string
let h2loadSaid: { readonly text: string; readonly times: readonly number[] }
// All at the same time: they are to agree on what they saw, and a machine is not always the same.
beforeAll(async () => {
  server = await startSyntheticServer({ delay: { kind: 'exponential', meanMs: MEAN_MS } })
  const url = `${server.url}/delay`
  const [result, control, wrk, h2load] = await Promise.all([
    loadOn(url, { model: 'closed', level: CONNECTIONS, durationMs: 3000, warmUpMs: 500 }),
    loadOn(`${server.url}/`, { level: 50, durationMs: 3000 }),
    has('wrk') ? output(['wrk', '-t1', `-c${CONNECTIONS}`, '-d3s', '--latency', url]) : '',
    has('h2load') ? runH2load(url) : { text: '', times: [] },
  ])
  expect(failures(result)).toBe(0)
  const rate = result.completedInTime / 2.5
  own = seenOf(rate, responses(result))
  meanMs = responses(result).meanUs / 1000
  longestMs = responses(result).maxUs / 1000
  // wrk adds what it takes its connections to have held back, at the interval of one connection.
  ownFilled = seenOf(rate, backfill(responses(result), (CONNECTIONS / rate) * 1e6))
  controlMs = responseMs(control, 0.9)
  wrkSaid = wrk
  h2loadSaid = h2load
}, 30_000)
afterAll(async () => server.stop())

const say = (name: string): string =>
  `rate and percentiles agree with ${name}${has(name) ? '' : ' (not installed)'}`
const has = (name: string): boolean => Bun.which(name) !== null

async function output(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'ignore' })
  const text = await new Response(child.stdout).text()
  await child.exited
  return text
}

async function runH2load(url: string): Promise<typeof h2loadSaid> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-h2load-'))
  try {
    const log = join(folder, 'requests.tsv')
    const command = ['h2load', '--h1', '-t1', `-c${CONNECTIONS}`, '-D3', `--log-file=${log}`]
    const text = await output([...command, url])
    // Start, status and microseconds of each request.
    const times = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[2]) / 1000)
    return { text, times: times.toSorted((a, b) => a - b) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * A process that has no turn for half a second sends a sixth less, and a hundredth of its requests and more
 * take at least as long. Those who were stopped apart have not seen the same.
 */
const wasStopped = ({ p99 }: Seen): boolean => p99 > 1.5 * MEAN_MS * Math.log(100)

/** Four standard errors of a percentile of some 2,500 values on each side are less than this. */
function expectNear(one: Seen, other: Seen): void {
  if (wasStopped(one) || wasStopped(other)) return
  for (const name of ['rate', 'p50', 'p75', 'p90'] as const) {
    const ratio = one[name] / other[name]
    expect([name, ratio > 0.82 && ratio < 1.22]).toEqual([name, true])
  }
}

describe('on a server that answers after times drawn by lot', () => {
  test('users without a pause wait all the time: rate and times agree with the law of Little', () => {
    // Warm-up and end cut the answers of all connections, at their longest.
    const cutMs = (longestMs * CONNECTIONS) / 2500
    const waiting = own.rate * (meanMs / 1000)
    expect(Math.abs(waiting - CONNECTIONS)).toBeLessThan(cutMs)
  })

  test('percentiles are those of the distribution', () => {
    for (const [share, seen] of [
      [0.5, own.p50],
      [0.75, own.p75],
      [0.9, own.p90],
    ] as const) {
      const expected = -MEAN_MS * Math.log(1 - share)
      expect(seen).toBeGreaterThan(0.85 * expected)
      // Beyond chance, a timer and a turn of the server more than what is answered at once.
      expect(seen).toBeLessThan(1.15 * expected + 5 + 3 * controlMs)
    }
  })

  test.skipIf(!has('wrk'))(say('wrk'), () => {
    const percentile = (share: number): number =>
      Number(new RegExp(`^ +${share}%\\s+([\\d.]+)ms`, 'm').exec(wrkSaid)?.[1])
    expectNear(ownFilled, {
      rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(wrkSaid)?.[1]),
      p50: percentile(50),
      p75: percentile(75),
      p90: percentile(90),
      p99: percentile(99),
    })
  })

  test.skipIf(!has('h2load'))(say('h2load'), () => {
    const { text, times } = h2loadSaid
    const at = (share: number): number => times[Math.ceil(share * times.length) - 1]!
    const rate = Number(/finished in [\d.]+s, ([\d.]+) req\/s/.exec(text)?.[1])
    expectNear(own, { rate, p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99) })
  })
})
