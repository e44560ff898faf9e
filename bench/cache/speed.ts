import { createSeededRandom } from '../../src/core/random.ts'
import { estimate, quantile } from '../gate/statistics.ts'
import type { Estimate } from '../gate/statistics.ts'
import { makeKeys } from './keys.ts'
import type { Options } from './options.ts'
import type { Peer } from './peers.ts'
import { PEERS } from './peers.ts'
import type { RedisServer } from './redis.ts'
import type { Trace } from './traces.ts'
import { zipf } from './traces.ts'

/**
 * Nanoseconds of single calls, and of calls in batches of 16 as the mean of a batch: the median over rounds of each
 * quantile, with its interval.
 */
export interface Latency {
  readonly singleP50Ns: Estimate
  readonly singleP95Ns: Estimate
  readonly batchP50Ns: Estimate
  readonly batchP95Ns: Estimate
}

/** Quantiles of one round, in the order of {@link Latency}. */
type RoundLatency = readonly [number, number, number, number]

/** How fast a cache is with a given number of entries. */
export interface SpeedRow {
  readonly entries: number
  readonly cache: string
  readonly hitsPerSecond: number
  readonly getOrSetPerSecond: number
  /** Get-or-set relative to `lru-cache` in the same round. */
  readonly ratio: Estimate
  readonly latency: Latency
}

/** Keys in the trace, per entry that fits. */
const KEYS_PER_ENTRY = 10
/** With a million entries, more keys would only measure the machine's memory. */
const KEYS_MAX = 2_000_000
const TRACE_LENGTH = 2 ** 18
const BATCH = 16
const REFERENCE = 'lru-cache'

/** Everything that is needed to measure one peer. */
interface Arm {
  readonly peer: Peer
  readonly hits: number[]
  readonly getOrSets: number[]
  readonly latencies: RoundLatency[]
}

/** Measures all caches at each size, in turn in each round. */
export async function measureSpeed(
  options: Options,
  redis: RedisServer | undefined,
  say: (text: string) => void,
): Promise<SpeedRow[]> {
  const rows: SpeedRow[] = []
  for (const entries of options.sizes) {
    const keysCount = Math.min(entries * KEYS_PER_ENTRY, Math.max(KEYS_MAX, entries))
    const keys = makeKeys(keysCount)
    const random = createSeededRandom(7)
    const held = Math.floor(entries * HOT_SHARE)
    const hot = Int32Array.from({ length: TRACE_LENGTH }, () =>
      Math.floor(random.fraction() * held),
    )
    // Latency is measured with keys as they are used: some of them often.
    const popular = Int32Array.from({ length: TRACE_LENGTH }, zipf(1, held, random))
    const mixed = Int32Array.from({ length: TRACE_LENGTH }, zipf(1, keysCount, random))
    const peers = Object.values(PEERS)
      .map((create) => create({ keys, capacity: entries }))
      .filter((peer) => peer.name !== 'tollgate getOrLoad')
    await redis?.flush()
    const remote = entries > REDIS_ENTRIES_MAX ? undefined : await redis?.peer(keys)
    if (remote !== undefined) peers.push(remote)
    const arms: Arm[] = peers.map((peer) => ({ peer, hits: [], getOrSets: [], latencies: [] }))
    for (const { peer } of arms) {
      say(`speed: ${entries} entries, ${peer.name}`)
      await fill(peer, held)
      await hitsPerSecond(peer, hot, options.sliceMs)
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const { peer, hits, latencies } of arms) {
        hits.push(await hitsPerSecond(peer, hot, options.sliceMs))
        latencies.push(await latencyOf(peer, popular, round))
      }
    }
    for (const { peer } of arms) await getOrSetsPerSecond(peer, mixed, options.sliceMs * 2)
    for (let round = 0; round < options.rounds; round++) {
      for (const { peer, getOrSets } of arms) {
        getOrSets.push(await getOrSetsPerSecond(peer, mixed, options.sliceMs))
      }
    }
    const reference = arms.find(({ peer }) => peer.name === REFERENCE)!
    for (const { peer, hits, getOrSets, latencies } of arms) {
      const ratios = getOrSets.map((value, at) => value / reference.getOrSets[at]!)
      rows.push({
        entries,
        cache: peer.name,
        hitsPerSecond: middle(hits),
        getOrSetPerSecond: middle(getOrSets),
        ratio: estimate(ratios, createSeededRandom(3)),
        latency: overRounds(latencies),
      })
      await peer.close()
    }
  }
  return rows
}

/** Entries are filled up to this share, so that none is evicted while hits are measured. */
const HOT_SHARE = 0.8
/** Filling Redis with more, one command each, takes longer than the result is worth. */
const REDIS_ENTRIES_MAX = 10_000

const middle = (values: readonly number[]): number =>
  quantile(Float64Array.from(values).sort(), 0.5)

async function fill(peer: Peer, entries: number): Promise<void> {
  for (let number = 0; number < entries; number++) {
    if (peer.kind === 'sync') peer.set(number)
    else await peer.set(number)
  }
}

/** Replays a trace repeatedly; the clock is read once in 16 calls, as requests would read it. */
async function perSecond(
  trace: Trace,
  sliceMs: number,
  call: ((number: number, nowMs: number) => unknown) | undefined,
  callAsync: ((number: number) => Promise<unknown>) | undefined,
): Promise<number> {
  const begin = performance.now()
  let nowMs = begin
  let calls = 0
  for (let at = 0; nowMs - begin < sliceMs; at = (at + BATCH) % trace.length) {
    for (let next = at; next < at + BATCH; next++) {
      if (call === undefined) await callAsync!(trace[next]!)
      else call(trace[next]!, nowMs)
    }
    calls += BATCH
    nowMs = performance.now()
  }
  return calls / ((nowMs - begin) / 1000)
}

const hitsPerSecond = (peer: Peer, trace: Trace, sliceMs: number): Promise<number> =>
  peer.kind === 'sync'
    ? perSecond(trace, sliceMs, peer.get, undefined)
    : perSecond(trace, sliceMs, undefined, peer.get)

const getOrSetsPerSecond = (peer: Peer, trace: Trace, sliceMs: number): Promise<number> =>
  peer.kind === 'sync'
    ? perSecond(trace, sliceMs, peer.getOrSet, undefined)
    : perSecond(trace, sliceMs, undefined, peer.getOrSet)

const SAMPLES = 20_000
const SAMPLES_ASYNC = 3000

/**
 * Times single calls, which includes reading the clock twice, and batches of 16. Each round continues the trace
 * where the previous one ended.
 */
async function latencyOf(peer: Peer, trace: Trace, round: number): Promise<RoundLatency> {
  const samples = peer.kind === 'sync' ? SAMPLES : SAMPLES_ASYNC
  const first = round * samples
  const single = new Float64Array(samples)
  const batch = new Float64Array(Math.floor(samples / BATCH))
  for (let at = 0; at < samples; at++) {
    const number = trace[(first + at) % trace.length]!
    const begin = Bun.nanoseconds()
    if (peer.kind === 'sync') peer.get(number, begin / 1e6)
    else await peer.get(number)
    single[at] = Bun.nanoseconds() - begin
  }
  for (let at = 0; at < batch.length; at++) {
    const begin = Bun.nanoseconds()
    const nowMs = performance.now()
    for (let next = 0; next < BATCH; next++) {
      const number = trace[(first + at * BATCH + next) % trace.length]!
      if (peer.kind === 'sync') peer.get(number, nowMs)
      else await peer.get(number)
    }
    batch[at] = (Bun.nanoseconds() - begin) / BATCH
  }
  single.sort()
  batch.sort()
  return [
    quantile(single, 0.5),
    quantile(single, 0.95),
    quantile(batch, 0.5),
    quantile(batch, 0.95),
  ]
}

function overRounds(rounds: readonly RoundLatency[]): Latency {
  const of = (at: 0 | 1 | 2 | 3): Estimate =>
    estimate(
      rounds.map((round) => round[at]),
      createSeededRandom(3),
    )
  return { singleP50Ns: of(0), singleP95Ns: of(1), batchP50Ns: of(2), batchP95Ns: of(3) }
}

/** The time that an empty measurement shows; latencies of single calls cannot be resolved below it. */
export function timerFloorNs(): { readonly p50Ns: number; readonly p95Ns: number } {
  const samples = new Float64Array(SAMPLES)
  for (let at = 0; at < SAMPLES; at++) {
    const begin = Bun.nanoseconds()
    samples[at] = Bun.nanoseconds() - begin
  }
  samples.sort()
  return { p50Ns: quantile(samples, 0.5), p95Ns: quantile(samples, 0.95) }
}
