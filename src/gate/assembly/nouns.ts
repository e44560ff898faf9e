import { readFileSync } from 'node:fs'
import type { Clock } from '../../core/clock.ts'
import { closeAll } from '../../core/close-all.ts'
import { createIdFactory } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import type { BanCheck } from '../admit.ts'
import type { GatewayConfig } from '../config/index.ts'
import { PATH } from '../path.ts'
import type { HeldResponses } from './hold-responses.ts'
import { holdResponses } from './hold-responses.ts'
import type { ResponseLevels } from './responses.ts'
import type { Identity } from '../../identity/index.ts'
import { createIdentity } from '../../identity/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import { createLedger } from '../../ledger/index.ts'
import type { Ban, Bans } from '../../limits/index.ts'
import { banRefusal, createBans } from '../../limits/index.ts'
import type { Policy } from '../../policy/index.ts'
import { createPolicy, policyCollections } from '../../policy/index.ts'
import type {
  GateMetrics,
  Health,
  LayerTimings,
  Logger,
  Metrics,
  ProcessReadings,
  RequestIds,
  RequestTally,
  Traces,
} from '../../signals/index.ts'
import {
  CACHE_RESULT,
  createGateMetrics,
  createHealth,
  createLayerTimings,
  createMetrics,
  createProcessReadings,
  createRequestIds,
  createRequestTally,
  createTraces,
  declareLedgerMetrics,
  declareProcessMetrics,
} from '../../signals/index.ts'
import type { Bus, Counters, Log, Records, Siblings } from '../../storage/index.ts'
import type { OpenLink } from '../../upstream/index.ts'

/** What the nouns need from the outside world; handed in. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Version and runtime, for the metric `build_info`. */
  readonly build: { readonly version: string; readonly runtime: string }
  /**
   * The runtime's own SHA-256, where that is faster than `node:crypto`. Writes the digest to `out` when given,
   * and to a new array otherwise.
   */
  readonly sha256?: (bytes: Uint8Array, out?: Uint8Array) => Uint8Array
  /** Opens connections to upstreams, where the runtime has sockets that cost less than those of `node:net`. */
  readonly openLink?: OpenLink
}

/** What the nouns keep their state in. */
export interface NounStorage {
  readonly records: Records
  readonly counters: Counters
  readonly bus: Bus
  /** Whether only this process changes the records, so that no news of a change can be lost. */
  readonly ownsRecords?: boolean
  /** Belongs to the audit log alone; the ledger closes it. */
  readonly log: Log
  /** Opens the log again after a failed write, which closes it for good. */
  readonly reopenLog?: () => Promise<Log>
  /** Where index files of the audit log may lie. */
  readonly indexFolder?: string
  /** The other processes of this gate, where it has any. */
  readonly siblings?: Siblings
  /** The cache levels behind the memory in which responses are stored. */
  readonly responseLevels?: ResponseLevels
}

/** A secret with which the digests of credentials are keyed, and its version number. */
export interface Pepper {
  readonly version: number
  readonly bytes: Uint8Array
}

/** Everything that outlives a configuration: the state, and what keeps it. */
export interface Nouns {
  readonly identity: Identity
  readonly policy: Policy
  readonly bans: Bans
  readonly ledger: Ledger
  readonly signals: Signals
  readonly responses: HeldResponses
  /** Closes everything, in an order that loses nothing. */
  close(): Promise<void>
}

/** The part of the nouns that the request path uses. */
export interface PathNouns extends Pick<Nouns, 'identity' | 'policy' | 'signals' | 'responses'> {
  readonly bans: Pick<Bans, 'anyAddress' | 'check' | 'checkCaller' | 'record' | 'configure'>
  readonly ledger: Pick<Ledger, 'record'>
}

/** What the process reports about itself. */
export interface Signals {
  readonly metrics: Metrics
  readonly gate: GateMetrics
  readonly tally: RequestTally
  readonly timings: LayerTimings
  readonly health: Health
  readonly readings: ProcessReadings
  readonly requestIds: RequestIds
  readonly traces: Traces
}

/** Creates the nouns on their storage. */
export async function createNouns(
  config: GatewayConfig,
  storage: NounStorage,
  peppers: readonly Pepper[],
  world: World,
): Promise<Nouns> {
  const { clock, random, logger } = world
  const { records, bus } = storage
  const signals = createSignals(config, world)
  const ledger = await createLedger({
    log: storage.log,
    ...(storage.reopenLog !== undefined && { reopenLog: storage.reopenLog }),
    clock,
    config: config.audit,
    ...(storage.indexFolder !== undefined && { indexFolder: storage.indexFolder }),
    ...(world.sha256 !== undefined && { digest: world.sha256 }),
  })
  declareLedgerMetrics(signals.metrics, () => ledger.state())
  const { identity, policy } = createAccess(config, storage, peppers, world)
  countCredentialLookups(signals, identity)
  const bans = createBans({
    config: config.bans,
    proxies: config.listen.trustedProxies,
    records,
    bus,
    clock,
    ids: createIdFactory(clock, random),
    hooks: {
      onBan: ({ kind, ban }) => recordBan(ledger, logger, kind, ban),
      onStorageFailure: (error) => logger.error('a ban could not be stored', { error }),
    },
  })
  await bans.load()
  const responses = await createResponsesOf(config, storage, signals, world)
  return {
    identity,
    policy,
    bans,
    ledger,
    signals,
    responses,
    close: async () =>
      closeAll([
        () => responses.close(),
        () => bans.close(),
        () => identity.close(),
        () => policy.close(),
        () => ledger.close(),
      ]),
  }
}

/** The stored responses of this process, connected to the shared bus; created when a configuration needs them. */
export async function createResponsesOf(
  config: GatewayConfig,
  { bus, siblings, responseLevels }: Pick<NounStorage, 'bus' | 'siblings' | 'responseLevels'>,
  { metrics, gate }: Signals,
  { clock, random, logger }: World,
): Promise<HeldResponses> {
  const held = holdResponses({
    levels: responseLevels,
    siblings,
    clock,
    random,
    bus,
    metrics,
    gate,
    onFailure: (error) => logger.warn('an invalidation could not be published', { error }),
  })
  await held.provideFor(config)
  return held
}

/** Identity and policy: the nouns that need only records and the bus. */
export function createAccess(
  config: GatewayConfig,
  { records, bus, ownsRecords }: Pick<NounStorage, 'records' | 'bus' | 'ownsRecords'>,
  peppers: readonly Pepper[],
  { clock, random, sha256 }: World,
): Pick<Nouns, 'identity' | 'policy'> {
  const readText = (path: string): string => readFileSync(path, 'utf8')
  // Allow-lists are set when the configuration is compiled: that reports what is wrong with them, and where.
  const roles = { ...config.policy, allowLists: {} }
  const policy = createPolicy({ records, bus, clock, random, config: roles, readText })
  const identity = createIdentity({
    records,
    bus,
    clock,
    random,
    config: config.identity,
    peppers,
    permissions: policy,
    cascade: policyCollections,
    hashBytes: sha256,
    ownsRecords,
  })
  return { identity, policy }
}

/** Identity counts its own lookups; before each scrape, the new ones are added to the metrics. */
export function countCredentialLookups({ metrics, gate }: Signals, identity: Identity): void {
  const slot = gate.cacheSlot('credentials')
  let seen = { hits: 0, misses: 0 }
  metrics.beforeSnapshot(() => {
    const { hits, misses } = identity.stats()
    gate.cacheLookup(slot, CACHE_RESULT.hit, hits - seen.hits)
    gate.cacheLookup(slot, CACHE_RESULT.miss, misses - seen.misses)
    seen = { hits, misses }
  })
}

/** Creates what a process reports about itself. */
export function createSignals(config: GatewayConfig, { clock, random, build }: World): Signals {
  const metrics = createMetrics()
  const timings = createLayerTimings(PATH, config.signals.layerTimingOneIn)
  const readings = createProcessReadings(clock)
  declareProcessMetrics(metrics, readings, {
    ...build,
    startedAtMs: clock.nowMs(),
  })
  const { routesMax } = config.signals.metrics
  const gate = createGateMetrics({ metrics, layers: PATH, timings, routesMax })
  return {
    metrics,
    timings,
    readings,
    gate,
    tally: createRequestTally(metrics, gate),
    health: createHealth({ clock }),
    requestIds: createRequestIds(random),
    traces: createTraces(random),
  }
}

/** Answers the stages' questions about bans with refusals. */
export function createBanCheck(bans: PathNouns['bans']): BanCheck {
  return {
    anyAddress: () => bans.anyAddress(),
    address(address, nowMs) {
      const ban = bans.check(address, nowMs)
      return ban && banRefusal(ban, nowMs)
    },
    caller(caller, nowMs) {
      const ban = bans.checkCaller(caller, nowMs)
      return ban && banRefusal(ban, nowMs)
    },
  }
}

const SYSTEM = { kind: 'system', id: 'tollgate' } as const

function recordBan(ledger: Ledger, logger: Logger, kind: 'banned' | 'lifted', ban: Ban): void {
  const entry = {
    kind: 'system',
    actor: SYSTEM,
    action: kind === 'banned' ? 'ban.begin' : 'ban.end',
    target: `${ban.kind}:${ban.subject}`,
    outcome: 'ok',
    ...(ban.ownerTenantId !== null && { tenantId: ban.ownerTenantId }),
  } as const
  ledger
    .append(entry)
    .catch((error: unknown) => logger.error('a ban could not be recorded', { error }))
}
