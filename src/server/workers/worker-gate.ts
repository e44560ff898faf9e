import { createIdFactory } from '../../core/ids.ts'
import type { Outcome } from '../../core/refusal.ts'
import type {
  AllowListCounts,
  CompileProblem,
  GatewayConfig,
  Live,
  PathNouns,
  World,
} from '../../gate/index.ts'
import {
  countCredentialLookups,
  createAccess,
  createAllowListCounts,
  createLive,
  createResponsesOf,
  createSignals,
  largestBodyOf,
  loadDeciders,
} from '../../gate/index.ts'
import type { Bans } from '../../limits/index.ts'
import { createBans } from '../../limits/index.ts'
import type { Link } from '../../storage/index.ts'
import { createRelayClient } from '../../storage/index.ts'
import { dataFolderOf } from '../data-folder.ts'
import type { Explanation, ExplainRequest } from '../admin/index.ts'
import { explainHere } from '../explain-here.ts'
import { performanceOf } from '../gate-view.ts'
import { openHttp1Listener } from '../http1/index.ts'
import { auditRejections } from '../listener-audit.ts'
import { countTowardBans } from '../listener-bans.ts'
import { countRejections, declareListenerMetrics } from '../listener-metrics.ts'
import { wireListener } from '../listener-wiring.ts'
import { listenerOptions } from '../listener.ts'
import { loadResponseLevels } from '../load-levels.ts'
import { openSharedBus } from '../shared-bus.ts'
import { plainPath } from '../signal-routes.ts'
import { createWorld } from '../world.ts'
import { startLastUses } from '../write-last-uses.ts'
import type { Report, StartMessage, WorkerFigures } from './messages.ts'
import type { ReportOutbox } from './report-outbox.ts'
import { createReportOutbox } from './report-outbox.ts'

/** A worker's means to communicate with the primary. */
export interface WorkerWays {
  readonly link: Link
  readonly report: (report: Report) => void
  /** Asks the primary to answer one of its own paths, such as `/health`. */
  readonly ask: (path: string) => Promise<Response>
  /** Reports that everything is ready, and waits until the worker may listen. */
  readonly mayListen: () => Promise<void>
}

/** The gate of a worker process. */
export interface WorkerGate {
  readonly outbox: Pick<ReportOutbox, 'confirm'>
  apply(config: GatewayConfig): Promise<readonly CompileProblem[]>
  figures(): WorkerFigures
  explain(asked: ExplainRequest): Promise<Outcome<Explanation>>
  /** Lets requests in flight finish and hands everything over; resolves with whether all finished. */
  stop(deadlineMs: number): Promise<boolean>
}

/** A call to the primary that takes longer than this fails. */
const RELAY_TIMEOUT_MS = 5000
const REPORT_INTERVAL_MS = 250
const BANS_EVERY_MS = 60_000

/** Starts the gate of a worker. Throws a ListenError when the address cannot be bound. */
export async function startWorkerGate(start: StartMessage, ways: WorkerWays): Promise<WorkerGate> {
  const { boot, config } = start
  const world = worldOf(start)
  const { records, bus, counters, siblings } = createRelayClient({
    link: ways.link,
    clock: world.clock,
    timeoutMs: RELAY_TIMEOUT_MS,
  })
  const outbox = createReportOutbox({
    send: ways.report,
    queueMax: boot.audit.traffic.queue,
    intervalMs: REPORT_INTERVAL_MS,
  })
  const access = createAccess(boot, { records, bus }, start.peppers, world)
  const bans = createBans({
    config: config.bans,
    records,
    bus,
    clock: world.clock,
    ids: createIdFactory(world.clock, world.random),
    hooks: {
      onStorageFailure: (error) => world.logger.error('bans could not be read', { error }),
    },
  })
  await bans.load()
  const signals = createSignals(boot, world)
  countCredentialLookups(signals, access.identity)
  const { redis } = boot.storage
  // The bus comes from the primary; the worker itself connects to everything else that is shared.
  const shared = redis === undefined ? undefined : await openSharedBus(redis, world)
  const behind = await loadResponseLevels({
    config: boot,
    dataFolder: boot.storage.folder,
    shared,
    owner: `worker-${start.worker}`,
    isOneOfMany: true,
    run: undefined,
    world,
  })
  const nouns: PathNouns = {
    ...access,
    signals,
    responses: await createResponsesOf(
      boot,
      { bus, siblings, ...(behind.levels !== undefined && { responseLevels: behind.levels }) },
      signals,
      world,
    ),
    bans: reportingBans(bans, config, outbox),
    ledger: outbox,
  }
  // The configuration in force may need what the one at start did not.
  await nouns.responses.provideFor(config)
  const allowLists = createAllowListCounts()
  const exposed = new Set(boot.signals.expose.map((name) => `/${name}`))
  const made = createLive(config, {
    nouns,
    counters,
    allowLists,
    world,
    createDeciders: await loadDeciders(config),
    dataFolder: dataFolderOf(boot),
    instance: String(start.worker),
    fallback: (request) => {
      const path = plainPath(request.target)
      return exposed.has(path) ? ways.ask(path) : undefined
    },
  })
  if (!made.ok)
    throw new Error(`the configuration cannot be compiled: ${made.problems[0]?.message}`)
  const { live } = made
  const count = countRejections(signals.metrics)
  const audit = auditRejections('gate', outbox, live, world.clock)
  const ban = countTowardBans(nouns.bans)
  await ways.mayListen()
  const listener = openHttp1Listener({
    ...listenerOptions(boot, start.address),
    bodyBytesMax: largestBodyOf(config),
    reusePort: true,
    requestIds: signals.requestIds,
    ...wireListener(live.gate.handle, world.logger, count, audit, ban),
  })
  declareListenerMetrics(signals.metrics, listener)
  const chores = startChores(nouns, bans, world)
  return {
    outbox,
    async apply(next) {
      const problems = await live.apply(next)
      if (problems.length === 0) listener.boundBodies(largestBodyOf(next))
      return problems
    },
    figures: () => figuresOf(nouns, live, allowLists),
    explain: async (asked) => explainHere(asked, live, nouns, `worker-${start.worker}`),
    async stop(deadlineMs) {
      const finished = await listener.drain(deadlineMs)
      chores.stop()
      await live.close(0)
      await bans.close()
      await access.identity.close()
      access.policy.close()
      nouns.responses.close()
      await behind.close()
      await shared?.close()
      await outbox.drain()
      world.logger.flush()
      return finished
    },
  }
}

function worldOf({ boot, worker }: StartMessage): World {
  const world = createWorld(boot.signals)
  return { ...world, logger: world.logger.child({ worker }) }
}

/** Enforces bans here, but leaves making them to the primary, which alone sees all violations. */
function reportingBans(
  bans: Bans,
  { bans: initial }: GatewayConfig,
  outbox: ReportOutbox,
): PathNouns['bans'] {
  let { enabled, counts } = initial
  return {
    anyAddress: () => bans.anyAddress(),
    check: (address, nowMs) => bans.check(address, nowMs),
    checkCaller: (caller, nowMs) => bans.checkCaller(caller, nowMs),
    record({ code, address, caller }) {
      if (enabled && counts.includes(code)) {
        outbox.violation({ code, address, callerId: caller.id, tenantId: caller.tenantId })
      }
      return undefined
    },
    configure(config, proxies) {
      bans.configure(config, proxies)
      ;({ enabled, counts } = config)
    },
  }
}

function startChores({ identity }: PathNouns, bans: Bans, { logger }: World): { stop(): void } {
  const uses = startLastUses(identity, logger)
  const timer = setInterval(() => {
    bans
      .maintain()
      .catch((error: unknown) => logger.error('a chore failed', { chore: 'bans', error }))
  }, BANS_EVERY_MS)
  return {
    stop() {
      uses.stop()
      clearInterval(timer)
    },
  }
}

function figuresOf(nouns: PathNouns, live: Live, allowLists: AllowListCounts): WorkerFigures {
  const { signals, identity } = nouns
  return {
    metrics: signals.metrics.snapshot(),
    performance: performanceOf(live, nouns, allowLists),
    timings: signals.timings.state(),
    credentials: { ...identity.stats() },
    upstreams: live.upstreams().stats(),
    shadows: live.shadows(),
    decisionLog: live.decisionLog(),
    responses: nouns.responses.current()?.caches.stats(),
    prefetch: nouns.responses.current()?.prefetching.stats(),
  }
}
