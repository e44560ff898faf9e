import { closeAll } from '../core/close-all.ts'
import { problemAnswer } from '../core/problem.ts'
import type { CompileProblem, GatewayConfig, Live, Nouns, Pepper, World } from '../gate/index.ts'
import { createAllowListCounts, createLive, createNouns, loadDeciders } from '../gate/index.ts'
import type { RequestIds } from '../signals/index.ts'
import type { SiblingHub } from '../storage/index.ts'
import { createSiblingHub, joinSiblings } from '../storage/index.ts'
import type { AdminApp, GateView, RootKey } from './admin/index.ts'
import { createFiguresAdmission } from './admin/admit.ts'
import { openRootKey } from './admin/root-key.ts'
import type { ConfigFileControl } from './config-control.ts'
import { createConfigControl } from './config-control.ts'
import type { GatewayConfigOutcome } from './config-file.ts'
import { dataFolderOf, openDataFolder, readPeppers } from './data-folder.ts'
import type { Front } from './front.ts'
import { standAlone, standBehind } from './front.ts'
import { createGateView } from './gate-view.ts'
import { createLazyAdmin } from './lazy-admin.ts'
import type { Door, SharedPlace } from './door.ts'
import { findPlace, openDoor } from './door.ts'
import { openHttp1Listener } from './http1/index.ts'
import type { ListenerWiring } from './listener.ts'
import { listenerOptions, probeAddress } from './listener.ts'
import { auditRejections } from './listener-audit.ts'
import { countTowardBans } from './listener-bans.ts'
import { countRejections, declareListenerMetrics } from './listener-metrics.ts'
import { wireListener } from './listener-wiring.ts'
import { loadResponseLevels } from './load-levels.ts'
import { noteRun } from './note-run.ts'
import { observeSharedBus, openSharedBus } from './shared-bus.ts'
import type { SignalRoutes, SignalSources } from './signal-routes.ts'
import { createSignalRoutes, plainPath } from './signal-routes.ts'
import type { Storage } from './storage.ts'
import { openStorage } from './storage.ts'
import { createUpkeep } from './upkeep.ts'
import type { WorkerFigures } from './workers/messages.ts'
import { reportLate } from './workers/report-late.ts'

/** The options of a gateway. */
export interface GatewayOptions {
  /** The configuration file, and the outcome of loading it. */
  readonly path: string
  readonly loaded: Extract<GatewayConfigOutcome, { ok: true }>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly world: World
  /** The number of processes that share the gate's address. Default: 1, this process alone. */
  readonly workers?: number
}

/** A running gateway. */
export interface Gateway {
  readonly url: string
  /** `undefined` if the admin API is switched off. */
  readonly adminUrl: string | undefined
  /** `created` holds the secret on the first start; show it once. */
  readonly rootKey: RootKey
  readonly nouns: Nouns
  readonly live: Live
  readonly control: ConfigFileControl
  /**
   * Refuses new requests, lets those in flight finish within the configured time, saves everything and closes. Resolves
   * with whether all requests could finish.
   */
  stop(): Promise<boolean>
}

/** A running gateway, or what is wrong with its configuration. */
export type GatewayOutcome =
  | { readonly ok: true; readonly gateway: Gateway }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] }

interface Doors {
  /** Where workers will listen; `undefined` if this process listens itself. */
  readonly shared: SharedPlace | undefined
  readonly admin: Door | undefined
}

type Closers = (() => Promise<unknown>)[]

/**
 * Starts a gateway. The addresses are tried first, so that a start on a taken port leaves nothing behind. Until
 * everything is ready, the admin API answers 503, and connections to the gate are refused: a load balancer then tries
 * another gate, even with requests that it may not send twice. Throws a ListenError, a DataLockedError or a
 * SchemaError.
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayOutcome> {
  const closers: Closers = []
  const unwind = async (): Promise<void> => closeAll(closers.toReversed())
  try {
    const doors = await openDoors(options, closers)
    const outcome = await assemble(options, doors, closers)
    if (!outcome.ok) await unwind()
    return outcome
  } catch (error) {
    await unwind()
    throw error
  }
}

async function openDoors(
  { loaded, workers = 1 }: GatewayOptions,
  closers: Closers,
): Promise<Doors> {
  const config = loaded.value
  const { address } = config.listen
  const gateOptions = listenerOptions(config, address)
  const shared = workers === 1 ? undefined : await findPlace(gateOptions, address)
  if (shared === undefined) probeAddress(address)
  else closers.push(shared.release)
  if (!config.admin.enabled) return { shared, admin: undefined }
  const plain = { ...config, listen: { ...config.listen, tls: undefined } }
  const admin = openDoor({
    ...listenerOptions(plain, config.admin.address),
    requestsMax: config.admin.requestsMax,
  })
  closers.push(() => admin.listener.drain(0))
  return { shared, admin }
}

async function assemble(
  options: GatewayOptions,
  doors: Doors,
  closers: Closers,
): Promise<GatewayOutcome> {
  const { world, loaded } = options
  const config = loaded.value
  const state = await openState(options, closers)
  const { storage, nouns } = state
  const allowLists = createAllowListCounts()
  const later: { front?: Front; signals?: SignalRoutes } = {}
  const made = createLive(config, {
    nouns,
    counters: storage.counters,
    allowLists,
    world,
    createDeciders: await loadDeciders(config),
    dataFolder: dataFolderOf(config),
    fallback: (request) => later.signals?.(plainPath(request.target)),
  })
  if (!made.ok) return made
  const { live } = made
  // By then requests have finished or their clients have been cut off, so nothing needs to be waited for.
  closers.push(() => live.close(0))
  const control = createConfigControl({
    ...options,
    live,
    clock: world.clock,
    metrics: nouns.signals.gate,
    logger: world.logger,
    onApplied: async (applied) => later.front?.apply(applied),
  })
  const rootKey = await openRootKey({ ...world, records: storage.records })
  const workers = async () => (await later.front?.figures()) ?? []
  const view = createGateView({
    live,
    nouns,
    allowLists,
    workers,
    explainInWorkers: async (asked) => (await later.front?.explain(asked)) ?? [],
  })
  const admin = createAdmin({
    config,
    storage,
    nouns,
    live,
    control,
    view,
    workers,
    rootKey,
    world,
  })
  const sources: SignalSources = {
    signals: nouns.signals,
    otherMetrics: async () => (await later.front?.metrics()) ?? [],
    performance: view.performance,
  }
  const exposed = config.signals.expose.map((name) => `/${name}`)
  later.signals = createSignalRoutes(sources, exposed)
  registerChecks(nouns, storage, live)
  const front = await openFront(options, doors.shared, state, live, later.signals)
  later.front = front
  closers.push(() => front.abandon())
  const upkeep = createUpkeep({ nouns, admin, ...world })
  const handleAdmin = adminHandle(
    admin,
    createSignalRoutes(sources),
    config.admin.hosts,
    nouns.signals.requestIds,
  )
  const audit = auditRejections('admin', nouns.ledger, live, world.clock)
  doors.admin?.open(wireListener(handleAdmin, world.logger, audit))
  const stop = async (): Promise<boolean> => {
    nouns.signals.health.drain()
    upkeep.stop()
    const finished = await front.stop(config.listen.drainTimeout)
    await doors.admin?.listener.drain(ADMIN_DRAIN_MS)
    await closeAll(closers.toReversed())
    return finished
  }
  const { url } = front
  const adminUrl = doors.admin?.listener.url
  return { ok: true, gateway: { url, adminUrl, rootKey, nouns, live, control, stop } }
}

async function openFront(
  { loaded, world, workers = 1 }: GatewayOptions,
  shared: SharedPlace | undefined,
  state: State,
  live: Live,
  answer: SignalRoutes,
): Promise<Front> {
  const config = loaded.value
  if (shared === undefined) {
    const { nouns } = state
    const { signals } = nouns
    const count = countRejections(signals.metrics)
    const audit = auditRejections('gate', nouns.ledger, live, world.clock)
    const ban = countTowardBans(nouns.bans)
    const listener = openHttp1Listener({
      ...listenerOptions(config, config.listen.address),
      requestIds: signals.requestIds,
      ...wireListener(live.gate.handle, world.logger, count, audit, ban),
    })
    // Workers have their own listeners, and report on them.
    declareListenerMetrics(signals.metrics, listener)
    return standAlone(listener)
  }
  return standBehind(shared, {
    ...state,
    size: workers,
    boot: config,
    config: () => live.config(),
    answer,
    world,
  })
}

/** The paths that are open to everyone, under any host name: whether the gate serves. */
const STATES: ReadonlySet<string> = new Set(['/health', '/ready'])

/** The admin address serves all signals and the admin API. */
function adminHandle(
  admin: AdminApp,
  signals: SignalRoutes,
  hosts: readonly string[],
  requestIds: Pick<RequestIds, 'next'>,
): ListenerWiring['handle'] {
  const unfit = createFiguresAdmission(hosts)
  return (request, connection) => {
    const path = plainPath(request.target)
    const answer = request.method === 'GET' ? signals(path) : undefined
    if (answer === undefined) {
      return admin.fetch(request.toRequest(), { address: connection.peerAddress(request) })
    }
    const refusal = STATES.has(path) ? undefined : unfit(request.headers.get('host'))
    return refusal === undefined ? answer : problemAnswer(refusal, requestIds.next().text)
  }
}

const ADMIN_DRAIN_MS = 2000

interface State {
  readonly storage: Storage
  readonly siblings: SiblingHub
  readonly nouns: Nouns
  readonly peppers: readonly Pepper[]
}

async function openState(
  { loaded, world, workers = 1 }: GatewayOptions,
  closers: Closers,
): Promise<State> {
  const config = loaded.value
  const folder = openDataFolder(config.storage.folder)
  const peppers = readPeppers(folder, world.random)
  const { redis } = config.storage
  const shared = redis === undefined ? undefined : await openSharedBus(redis, world)
  if (shared !== undefined) closers.push(() => shared.close())
  const storage = await openStorage(config, folder, world.clock, shared)
  closers.push(() => storage.close())
  const behind = await loadResponseLevels({
    config,
    dataFolder: folder.path,
    shared,
    // If workers take the requests, they keep the responses.
    owner: workers === 1 ? 'main' : undefined,
    isOneOfMany: false,
    run: noteRun(folder.path, world.random),
    world,
  })
  closers.push(() => behind.close())
  const siblings = createSiblingHub({ onLate: reportLate(world) })
  const nounStorage = {
    ...storage,
    ...(workers > 1 && { siblings: joinSiblings(siblings, 'the primary') }),
    ...(behind.levels !== undefined && { responseLevels: behind.levels }),
  }
  const nouns = await createNouns(config, nounStorage, peppers, world)
  closers.push(() => nouns.close())
  if (shared !== undefined) observeSharedBus(shared, nouns.signals)
  return { storage, siblings, nouns, peppers }
}

function createAdmin(parts: {
  readonly config: GatewayConfig
  readonly storage: Storage
  readonly nouns: Nouns
  readonly live: Live
  readonly control: ConfigFileControl
  readonly view: GateView
  readonly workers: () => Promise<readonly WorkerFigures[]>
  readonly rootKey: RootKey
  readonly world: World
}): AdminApp {
  const { config, storage, nouns, live, control, view, workers, rootKey, world } = parts
  return createLazyAdmin(async () => {
    const { createAdminApp } = await import('./admin/app.ts')
    const { createCacheControl } = await import('./cache-control.ts')
    return createAdminApp({
      identity: nouns.identity,
      policy: nouns.policy,
      limiter: () => live.limiter(),
      bans: nouns.bans,
      ledger: nouns.ledger,
      config: control,
      gate: view,
      cache: createCacheControl({
        caches: () => nouns.responses.current()?.caches,
        workers: async () => (await workers()).map(({ responses }) => responses),
      }),
      rootKey,
      clock: world.clock,
      random: world.random,
      records: storage.records,
      untold: storage.bus.untold,
      hosts: config.admin.hosts,
      onInternal: (message, requestId) => world.logger.error(message, { requestId }),
    })
  })
}

/**
 * What an instance needs to be ready: its records can be read, its audit log can be written, its policies are loaded.
 */
function registerChecks(nouns: Nouns, storage: Storage, live: Live): void {
  const { health } = nouns.signals
  health.register({ name: 'records', run: () => nouns.identity.tenants.list({ limit: 1 }) })
  health.register({
    name: 'audit',
    run: () => {
      const { status, reason } = nouns.ledger.state()
      if (status !== 'open') throw new Error(reason ?? status)
    },
  })
  health.register({
    name: 'policies',
    run: () => {
      const missing = live
        .policies()
        .find(({ role, revision }) => role === 'active' && revision === null)
      if (missing !== undefined) throw new Error(`policy ${missing.policy} has not been loaded`)
    },
  })
  health.register({ name: 'counters', run: () => storage.counters.flush(), critical: false })
}
