/**
 * The cost of keeping 100,000 active keys on disk: the CPU of a first reservation of a daily quota, the
 * time to settle all quotas at shutdown, and how long writing last uses blocks the event loop. Run:
 * `node bin/bun.mjs bench/upkeep.ts [quotas|uses]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../src/core/clock.ts'
import { systemClock } from '../src/core/clock.ts'
import { systemRandom } from '../src/core/random.ts'
import { createIdentity, identityCollections, identityConfig } from '../src/identity/index.ts'
import type { Identity } from '../src/identity/index.ts'
import { createPolicy, policyCollections, policyConfig } from '../src/policy/index.ts'
import type { Counters, Records } from '../src/storage/index.ts'
import {
  COUNTER_ROWS,
  createDurableCounters,
  createMemoryBus,
  openSqlite,
} from '../src/storage/index.ts'

const KEYS = 100_000
const AT_ONCE = 64
const TENANTS = 50
const ROUNDS = 3
const DUE_AGAIN_MS = 61_000

const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
/** Keys are first used in another order than that of their creation, so rows of one batch lie far apart. */
function shuffle<T>(items: T[]): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[items[at], items[other]] = [items[other]!, items[at]!]
  }
  return items
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
  /** The longest time in which the event loop was blocked. */
  readonly stallMs: number
  readonly stallsOver2Ms: number
}

async function measure(work: () => Promise<unknown>): Promise<Cost> {
  let [stallMs, stallsOver2Ms, live] = [0, 0, true]
  let lastMs = performance.now()
  const beat = (): void => {
    const nowMs = performance.now()
    stallMs = Math.max(stallMs, nowMs - lastMs)
    if (nowMs - lastMs > 2) stallsOver2Ms++
    lastMs = nowMs
    if (live) setImmediate(beat)
  }
  setImmediate(beat)
  const [beganMs, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  const wallMs = performance.now() - beganMs
  live = false
  beat()
  return { wallMs, cpuMs: (user + system) / 1000, stallMs, stallsOver2Ms }
}

const show = (what: string, { wallMs, cpuMs, stallMs, stallsOver2Ms }: Cost): void =>
  print(
    `${what}: ${((cpuMs * 1000) / KEYS).toFixed(1)} µs CPU each, ${wallMs.toFixed(0)} ms in all, ` +
      `longest stall ${stallMs.toFixed(1)} ms, ${stallsOver2Ms} over 2 ms`,
  )

async function firstReservations(
  counters: Counters,
  subjects: readonly string[],
  nowMs: number,
): Promise<void> {
  const shape = { kind: 'calendar', limit: 10_000, window: 'day', offsetMs: 0 } as const
  for (let from = 0; from < subjects.length; from += AT_ONCE) {
    const takes = subjects
      .slice(from, from + AT_ONCE)
      .map(async (subject) =>
        counters.take([{ name: 'daily', shape, subject, cost: 1, shadow: false }], nowMs),
      )
    await Promise.all(takes)
  }
}

async function measureQuotas(round: number): Promise<void> {
  const path = join(folder, `counters${round}.db`)
  const records = await openSqlite({ path, collections: [COUNTER_ROWS], clock: systemClock })
  const counters = createDurableCounters({ records })
  const subjects = shuffle(Array.from({ length: KEYS }, (_, at) => `key_${at}`))
  const nowMs = Date.now()
  show(
    'first reservations',
    await measure(async () => firstReservations(counters, subjects, nowMs)),
  )
  show('settling at close', await measure(async () => counters.close()))
  await records.close()
}

async function withKeys(
  records: Records,
  clock: Clock,
): Promise<{ identity: Identity; secrets: string[] }> {
  const shared = { records, bus: createMemoryBus(), clock, random: systemRandom }
  const permissions = createPolicy({
    ...shared,
    config: policyConfig.parse({}),
    readText: () => '',
  })
  const identity = createIdentity({
    ...shared,
    permissions,
    config: identityConfig.parse({ cache: { ageMax: '24h' } }),
    peppers: [{ version: 1, bytes: systemRandom.bytes(32) }],
    cascade: policyCollections,
  })
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    await identity.tenants.create({ id: `t${tenant}`, name: `Tenant ${tenant}` })
  }
  const secrets: string[] = []
  while (secrets.length < KEYS) {
    const made = Array.from({ length: 200 }, async (_, at) =>
      identity.keys.create(`t${at % TENANTS}`, { name: `key ${at}`, roles: ['viewer'] }),
    )
    for (const key of await Promise.all(made)) if (key.ok) secrets.push(key.value.secret)
  }
  return { identity, secrets: shuffle(secrets) }
}

async function measureUses(): Promise<void> {
  const path = join(folder, 'identity.db')
  const collections = [...identityCollections, ...policyCollections]
  const records = await openSqlite({ path, collections, clock: systemClock })
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  const { identity, secrets } = await withKeys(records, clock)
  const useAll = async (): Promise<void> => {
    aheadMs += DUE_AGAIN_MS
    for (const secret of secrets) await identity.resolve(secret, clock.nowMs())
  }
  for (let round = 0; round < ROUNDS; round++) {
    await useAll()
    show(
      'last uses, without the pauses between batches',
      await measure(async () => {
        while (await identity.flush());
      }),
    )
  }
  await useAll()
  show('last uses at close', await measure(async () => identity.close()))
  await records.close()
}

const only = process.argv[2]
if (only !== 'uses') for (let round = 0; round < ROUNDS; round++) await measureQuotas(round)
if (only !== 'quotas') await measureUses()
rmSync(folder, { recursive: true })
