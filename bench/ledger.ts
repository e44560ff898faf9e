/**
 * The cost of the audit log: accepting a request, writing it, verifying, querying. Every figure is the
 * best of several rounds, since other work on the machine only ever adds.
 * Run: `node bin/bun.mjs bench/ledger.ts [records]`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ledger, TrafficEntry } from '../src/ledger/index.ts'
import { systemClock } from '../src/core/clock.ts'
import { auditConfig, createLedger } from '../src/ledger/index.ts'
import { openFileLog } from '../src/storage/index.ts'

const RECORDS = Number(process.argv[2] ?? 1_000_000)
const ROUND = 10_000
const KEYS = 1000
const START_MS = 1_767_225_600_000

const keys = Array.from({ length: KEYS }, (_, at) => `key_0Uo3Xq8wZ1kLmN4pR7s${at}`)
const say = (name: string, value: number, unit: string): void => {
  process.stdout.write(
    `${name.padEnd(44)} ${value.toFixed(value < 100 ? 2 : 0).padStart(10)} ${unit}\n`,
  )
}

/** Requests made in advance, so that only the ledger is measured. */
function makeRequests(first: number, count: number): readonly TrafficEntry[] {
  return Array.from({ length: count }, (_, offset) => {
    const at = first + offset
    return {
      timeMs: START_MS + (at >> 5),
      tenantId: at % 50 === 0 ? 'ten_b' : 'ten_0Uo3Xq8wZ1kLmN4pR7sT9v',
      actorKind: 'key',
      actorId: keys[at % KEYS]!,
      action: at % 3 === 0 ? 'scene:write' : 'scene:read',
      target: '',
      outcome: at % 97 === 0 ? 'rate_limited' : 'allow',
      status: at % 97 === 0 ? 429 : 200,
      route: '/scene/{id}',
      method: 'GET',
      path: '/scene/12',
      requestId: `k3jd83hd0-${(at >> 10).toString(36)}`,
      requestIdTail: (at & 1023).toString(36).padStart(2, '0'),
      address: '192.0.2.17',
      durationUs: 153 + (at & 255),
      details: undefined,
    }
  })
}

/** Fills the ledger and reports the cost of the calls and of the writing. */
async function fill(ledger: Ledger): Promise<void> {
  let pushNs = Infinity
  let writeNs = Infinity
  let writeCpuNs = Infinity
  let cpuUs = 0
  for (let at = 0; at < RECORDS; at += ROUND) {
    const requests = makeRequests(at, ROUND)
    const started = Bun.nanoseconds()
    for (const request of requests) ledger.record(request)
    const pushed = Bun.nanoseconds()
    const cpuBefore = process.cpuUsage()
    await ledger.flush()
    const cpu = process.cpuUsage(cpuBefore)
    pushNs = Math.min(pushNs, (pushed - started) / ROUND)
    writeNs = Math.min(writeNs, (Bun.nanoseconds() - pushed) / ROUND)
    writeCpuNs = Math.min(writeCpuNs, ((cpu.user + cpu.system) * 1000) / ROUND)
    cpuUs += cpu.user + cpu.system
  }
  say('record(): serialize, hash, chain, index', pushNs, 'ns each')
  say('write: append what is left, sync', writeNs, 'ns each, wall')
  say('the same, CPU of all threads, best round', writeCpuNs, 'ns each')
  say('the same, CPU of all threads, mean', (cpuUs * 1000) / RECORDS, 'ns each')
}

const RATE_PER_MS = 80
const STEADY_MS = 1500
const STEADY_ROUNDS = 5

/** CPU of all threads per request of a steady stream, and the kernel's part; without a ledger, of the stream alone. */
async function stream(ledger: Ledger | undefined): Promise<{ ns: number; system: number }> {
  const requests = makeRequests(0, RATE_PER_MS * STEADY_MS)
  const before = process.cpuUsage()
  const started = performance.now()
  let made = 0
  while (made < requests.length) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    const due = Math.min(requests.length, Math.floor((performance.now() - started) * RATE_PER_MS))
    while (made < due) {
      const request = requests[made++]!
      ledger?.record(request)
    }
  }
  const { user, system } = process.cpuUsage(before)
  return { ns: ((user + system) * 1000) / made, system: (system * 1000) / made }
}

/** The cost of a steady stream of 80,000 requests per second, minus that of the same without a ledger, in turns. */
async function steady(ledger: Ledger): Promise<void> {
  const costs: number[] = []
  const systems: number[] = []
  for (let round = 0; round < STEADY_ROUNDS; round++) {
    const recorded = await stream(ledger)
    await ledger.flush()
    const alone = await stream(undefined)
    costs.push(recorded.ns - alone.ns)
    systems.push(recorded.system - alone.system)
  }
  const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
  say('80,000 a second: CPU of all threads, median', middle(costs), 'ns each')
  say('of it in the kernel', middle(systems), 'ns each')
  say('dropped', ledger.state().dropped, 'records')
}

async function ask(ledger: Ledger): Promise<void> {
  const questions = {
    'newest 100': {},
    'one actor': { actorId: keys[7]! },
    'an actor that never came': { actorId: 'nobody' },
    'refused writes': { outcome: 'rate_limited', action: 'scene:write' },
    'what never comes together': { outcome: 'rate_limited', kind: 'admin' },
    'one request id': { requestId: `k3jd83hd0-0${(77).toString(36).padStart(2, '0')}` },
    'an hour long ago': { fromMs: START_MS, toMs: START_MS + 100 },
  } as const
  for (const [name, question] of Object.entries(questions)) {
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const started = performance.now()
      await ledger.across().query(question)
      times.push(performance.now() - started)
    }
    say(`query: ${name}, first`, times[0] ?? 0, 'ms')
    say(`query: ${name}, best`, Math.min(...times), 'ms')
  }
}

type Digest = (data: Uint8Array, out?: Uint8Array) => Uint8Array

const runtimeDigest: Digest = (data, out = new Uint8Array(32)) =>
  Bun.SHA256.hash(data, out) as Uint8Array

async function run(name: string, digest?: Digest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
  const open = async () => {
    const log = await openFileLog({ folder: join(folder, 'log'), segmentBytesMax: Infinity })
    const options = { log, clock: systemClock, config: auditConfig.parse({}) }
    const indexFolder = join(folder, 'index')
    return createLedger({ ...options, indexFolder, ...(digest === undefined ? {} : { digest }) })
  }
  process.stdout.write(`\n${name}, ${RECORDS} records\n`)
  const ledger = await open()
  await fill(ledger)
  await steady(ledger)
  const started = performance.now()
  const { ok, records } = await ledger.verify()
  say(
    `verify (${ok ? 'sound' : 'FAULT'})`,
    ((performance.now() - started) * 1e6) / records,
    'ns a record',
  )
  await ledger.close()
  const opening = performance.now()
  const again = await open()
  say('open again', performance.now() - opening, 'ms')
  await ask(again)
  await again.close()
  await rm(folder, { recursive: true })
}

await run('SHA-256 of node:crypto')
await run('SHA-256 of the runtime', runtimeDigest)
