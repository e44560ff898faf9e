/**
 * The cost of resolving a credential: `bun bench/identity.ts [--json]`. Keys are made through the real
 * service on the in-memory records; sizes are interleaved; figures are medians of rounds.
 */
import { createHash } from 'node:crypto'
import { heapStats } from 'bun:jsc'
import { systemClock } from '../src/core/clock.ts'
import { systemRandom } from '../src/core/random.ts'
import { createIdentity, identityCollections, identityConfig } from '../src/identity/index.ts'
import type { Identity } from '../src/identity/index.ts'
import { createPolicy, policyCollections, policyConfig } from '../src/policy/index.ts'
import { createMemoryBus, createMemoryRecords } from '../src/storage/index.ts'

const ROUNDS = 7
const RESOLVES = 300_000
const TENANTS = 50
const ROLES = ['viewer', 'editor', 'admin'] as const

interface Rig {
  readonly identity: Identity
  readonly keys: readonly string[]
  /** All keys as consecutive bytes, because a server also makes a new string for each request. */
  readonly bytes: Buffer
  /** A fixed random walk over the keys. */
  readonly order: Uint32Array
}

async function build(count: number): Promise<Rig> {
  const collections = [...identityCollections, ...policyCollections]
  const records = createMemoryRecords({ collections, clock: systemClock })
  const bus = createMemoryBus()
  const shared = { records, bus, clock: systemClock, random: systemRandom }
  const permissions = createPolicy({
    ...shared,
    config: policyConfig.parse({}),
    readText: () => '',
  })
  const config = identityConfig.parse({ cache: { ageMax: '24h' } })
  const peppers = [{ version: 1, bytes: systemRandom.bytes(32) }]
  const cascade = policyCollections
  const hashBytes = process.argv.includes('--bun-hash')
    ? (bytes: Uint8Array) => Bun.SHA256.hash(bytes) as Uint8Array
    : undefined
  const identity = createIdentity({ ...shared, permissions, config, peppers, cascade, hashBytes })
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    await identity.tenants.create({ id: `t${tenant}`, name: `Tenant ${tenant}` })
  }
  const keys: string[] = []
  for (let at = 0; at < count; at++) {
    const roles = [ROLES[at % ROLES.length] ?? 'viewer']
    const made = await identity.keys.create(`t${at % TENANTS}`, { name: `key ${at}`, roles })
    if (made.ok) keys.push(made.value.secret)
  }
  const order = Uint32Array.from({ length: RESOLVES }, () => Math.floor(Math.random() * count))
  return { identity, keys, bytes: Buffer.from(keys.join(''), 'latin1'), order }
}

const heapBytes = (): number => {
  Bun.gc(true)
  const stats = heapStats()
  return stats.heapSize
}

/** Heap bytes that an active key adds, apart from the records and the keys themselves. */
async function warm({ identity, keys }: Rig): Promise<number> {
  const before = heapBytes()
  const nowMs = systemClock.nowMs()
  for (const key of keys) await identity.resolve(key, nowMs)
  return (heapBytes() - before) / keys.length
}

function timeNs(run: () => void, times: number): number {
  const startMs = performance.now()
  run()
  return ((performance.now() - startMs) * 1e6) / times
}

/** Makes the strings only; this time is subtracted from the cost of resolving. */
function receiveAll({ keys, bytes, order }: Rig): number {
  const length = keys[0]?.length ?? 0
  let total = 0
  for (let at = 0; at < order.length; at++) {
    const from = order[at]! * length
    total += bytes.toString('latin1', from, from + length).charCodeAt(length - 1)
  }
  return total
}

function resolveAll({ identity, keys, bytes, order }: Rig): number {
  let known = 0
  const length = keys[0]?.length ?? 0
  const nowMs = systemClock.nowMs()
  for (let at = 0; at < order.length; at++) {
    const from = order[at]! * length
    const answer = identity.resolve(bytes.toString('latin1', from, from + length), nowMs)
    if ('kind' in answer && answer.permissions.has('scene:read')) known++
  }
  if (known !== order.length) throw new Error(`${order.length - known} keys were refused`)
  return known
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const small = await build(10_000)
const large = await build(100_000)
const bytesSmall = await warm(small)
const bytesLarge = await warm(large)

const first = small.keys[0] ?? ''
const junk = `${first.slice(0, -1)}${first.endsWith('0') ? '1' : '0'}`
const samples = { small: [], large: [], junk: [], remembered: [] } as Record<string, number[]>
const nowMs = systemClock.nowMs()
const other = await build(1)
const unknown = other.keys[0] ?? ''
await small.identity.resolve(unknown, nowMs)
for (let round = 0; round <= ROUNDS; round++) {
  const times: Record<string, number> = {
    small: timeNs(() => resolveAll(small), RESOLVES) - timeNs(() => receiveAll(small), RESOLVES),
    large: timeNs(() => resolveAll(large), RESOLVES) - timeNs(() => receiveAll(large), RESOLVES),
    junk: timeNs(() => {
      for (let at = 0; at < RESOLVES; at++) void small.identity.resolve(junk, nowMs)
    }, RESOLVES),
    remembered: timeNs(() => {
      for (let at = 0; at < RESOLVES; at++) void small.identity.resolve(unknown, nowMs)
    }, RESOLVES),
  }
  if (round > 0) for (const [name, ns] of Object.entries(times)) samples[name]?.push(ns)
}
const hashNs = median(
  Array.from({ length: ROUNDS }, () =>
    timeNs(() => {
      for (let at = 0; at < 100_000; at++) createHash('sha256').update(junk).digest()
    }, 100_000),
  ),
)

const result = {
  hit10kNs: Math.round(median(samples['small'] ?? [])),
  hit100kNs: Math.round(median(samples['large'] ?? [])),
  ratio100kTo10k: Number(
    median((samples['large'] ?? []).map((ns, at) => ns / (samples['small']?.[at] ?? 1))).toFixed(3),
  ),
  junkNs: Math.round(median(samples['junk'] ?? [])),
  unknownRememberedNs: Math.round(median(samples['remembered'] ?? [])),
  createHashNs: Math.round(hashNs),
  heapBytesPerKey10k: Math.round(bytesSmall),
  heapBytesPerKey100k: Math.round(bytesLarge),
}
if (process.argv.includes('--json')) console.log(JSON.stringify(result))
else for (const [name, value] of Object.entries(result)) console.log(name.padEnd(22), value)
