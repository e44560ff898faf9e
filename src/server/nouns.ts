import { readFileSync } from 'node:fs'
import type { Clock } from '../core/clock.ts'
import { createIdFactory } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { BanCheck, GatewayConfig } from '../gate/index.ts'
import { PATH } from '../gate/index.ts'
import type { Identity } from '../identity/index.ts'
import { createIdentity } from '../identity/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { createLedger } from '../ledger/index.ts'
import type { Ban, Bans } from '../limits/index.ts'
import { banRefusal, createBans } from '../limits/index.ts'
import type { Policy } from '../policy/index.ts'
import { createPolicy, policyCollections } from '../policy/index.ts'
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
} from '../signals/index.ts'
import {
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
} from '../signals/index.ts'
import type { PepperFile } from './data-folder.ts'
import { VERSION } from './version.ts'
import type { Storage } from './storage.ts'

/** The world the nouns live in, handed in. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Everything that outlives a configuration: state, and who keeps it. */
export interface Nouns {
  readonly identity: Identity
  readonly policy: Policy
  readonly bans: Bans
  readonly ledger: Ledger
  readonly signals: Signals
  /** Ends everything in the order that loses nothing. */
  close(): Promise<void>
}

/** What the process tells of itself. */
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
  storage: Storage,
  peppers: readonly PepperFile[],
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
    digest: createDigest(),
  })
  declareLedgerMetrics(signals.metrics, () => ledger.state())
  const readText = (path: string): string => readFileSync(path, 'utf8')
  const policy = createPolicy({ records, bus, clock, random, config: config.policy, readText })
  const identity = createIdentity({
    records,
    bus,
    clock,
    random,
    config: config.identity,
    peppers,
    permissions: policy,
    cascade: policyCollections,
    hashBytes: (bytes) => Bun.SHA256.hash(bytes) as Uint8Array,
  })
  const bans = createBans({
    config: config.bans,
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
  return {
    identity,
    policy,
    bans,
    ledger,
    signals,
    async close() {
      await bans.close()
      await identity.close()
      policy.close()
      await ledger.close()
    },
  }
}

function createSignals(config: GatewayConfig, { clock, random }: World): Signals {
  const metrics = createMetrics()
  const timings = createLayerTimings(PATH, config.signals.layerTimingOneIn)
  const readings = createProcessReadings(clock)
  declareProcessMetrics(metrics, readings, {
    version: VERSION,
    runtime: `bun ${Bun.version}`,
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

/** Bun's SHA-256 into one reused array: the ledger is done with a digest before it asks for the next. */
function createDigest(): (bytes: Uint8Array) => Uint8Array {
  const digest = new Uint8Array(32)
  return (bytes) => {
    Bun.SHA256.hash(bytes, digest)
    return digest
  }
}

/** The stage `admit` asks about bans in terms of refusals. */
export function createBanCheck(bans: Bans): BanCheck {
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
