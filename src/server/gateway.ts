import { problemResponse } from '../core/problem.ts'
import { refuse } from '../core/refusal.ts'
import type { CompileProblem, GatewayConfig, Live, Nouns, World } from '../gate/index.ts'
import { createAllowListCounts, createLive, createNouns } from '../gate/index.ts'
import { createAdminApp, openRootKey } from './admin/index.ts'
import type { RootKey } from './admin/index.ts'
import type { ConfigFileControl } from './config-control.ts'
import { createConfigControl } from './config-control.ts'
import type { GatewayConfigOutcome } from './config-file.ts'
import { openDataFolder, readPeppers } from './data-folder.ts'
import { createGateView } from './gate-view.ts'
import type { Listener, ServerConnection } from './listener.ts'
import { listenerOptions, openListener } from './listener.ts'
import type { SignalRoutes } from './signal-routes.ts'
import { createSignalRoutes, plainPath } from './signal-routes.ts'
import type { Storage } from './storage.ts'
import { openStorage } from './storage.ts'
import { createUpkeep } from './upkeep.ts'

/** What a gateway is started with. */
export interface GatewayOptions {
  /** The configuration file, and what loading it gave. */
  readonly path: string
  readonly loaded: Extract<GatewayConfigOutcome, { ok: true }>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly world: World
}

/** A running gateway. */
export interface Gateway {
  readonly url: string
  /** `undefined` when the admin API is switched off. */
  readonly adminUrl: string | undefined
  /** `created` holds the secret on first start: show it once. */
  readonly rootKey: RootKey
  readonly nouns: Nouns
  readonly live: Live
  readonly control: ConfigFileControl
  /**
   * Refuses new requests, lets those in flight finish within the configured time, writes everything
   * down and closes. Resolves with whether all requests could finish.
   */
  stop(): Promise<boolean>
}

/** A running gateway, or what its configuration asks for in vain. */
export type GatewayOutcome =
  | { readonly ok: true; readonly gateway: Gateway }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] }

type Handle = (
  request: Request,
  connection: ServerConnection,
) => Response | undefined | Promise<Response | undefined>

/** A listener whose handler is put in place once everything behind it stands. */
interface Door {
  readonly listener: Listener
  open(handle: Handle): void
}

/**
 * Starts a gateway. The addresses are bound first, so that a taken port leaves nothing behind; until
 * all is ready requests get 503. Throws a ListenError, a DataLockedError or a SchemaError.
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayOutcome> {
  const config = options.loaded.value
  const doors: Door[] = []
  const closers: (() => Promise<unknown>)[] = []
  const unwind = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close()
    for (const door of doors) await door.listener.drain(0)
  }
  try {
    const gateDoor = openDoor(config, config.listen.address, doors)
    const adminDoor = config.admin.enabled
      ? openDoor(
          { ...config, listen: { ...config.listen, tls: undefined } },
          config.admin.address,
          doors,
        )
      : undefined
    const outcome = await assemble(options, gateDoor, adminDoor, closers)
    if (!outcome.ok) await unwind()
    return outcome
  } catch (error) {
    await unwind()
    throw error
  }
}

function openDoor(config: GatewayConfig, address: string, doors: Door[]): Door {
  let handle: Handle = () =>
    problemResponse(refuse('unavailable', { headers: { 'retry-after': '1' } }), 'starting')
  const door: Door = {
    listener: openListener({
      ...listenerOptions(config, address),
      handle: (request, connection) => handle(request, connection),
      onBug: () => problemResponse(refuse('internal_error'), 'unknown'),
    }),
    open: (next) => {
      handle = next
    },
  }
  doors.push(door)
  return door
}

async function assemble(
  options: GatewayOptions,
  gateDoor: Door,
  adminDoor: Door | undefined,
  closers: (() => Promise<unknown>)[],
): Promise<GatewayOutcome> {
  const { world, loaded } = options
  const config = loaded.value
  const folder = openDataFolder(config.storage.folder)
  const storage = await openStorage(config, folder, world.clock)
  closers.push(() => storage.close())
  const nouns = await createNouns(config, storage, readPeppers(folder, world.random), world)
  closers.push(() => nouns.close())
  const allowLists = createAllowListCounts()
  const publicly: { signals?: SignalRoutes } = {}
  const sources = { signals: nouns.signals, otherMetrics: async () => [] }
  const made = createLive(config, {
    nouns,
    counters: storage.counters,
    allowLists,
    world,
    fallback: (request) => publicly.signals?.(plainPath(request.url)),
  })
  if (!made.ok) return made
  const { live } = made
  closers.push(() => live.close(config.listen.drainTimeout))
  const control = createConfigControl({
    ...options,
    live,
    clock: world.clock,
    metrics: nouns.signals.gate,
    logger: world.logger,
  })
  const rootKey = await openRootKey({ ...world, records: storage.records })
  const view = createGateView(live, nouns, allowLists)
  const admin = createAdminApp({
    identity: nouns.identity,
    policy: nouns.policy,
    limiter: () => live.limiter(),
    bans: nouns.bans,
    ledger: nouns.ledger,
    config: control,
    gate: view,
    rootKey,
    clock: world.clock,
    random: world.random,
    records: storage.records,
    hosts: config.admin.hosts,
    onInternal: (message, requestId) => world.logger.error(message, { requestId }),
  })
  const signals = createSignalRoutes({ ...sources, performance: view.performance })
  publicly.signals = createSignalRoutes(
    { ...sources, performance: view.performance },
    config.signals.expose.map((name) => `/${name}`),
  )
  registerChecks(nouns, storage)
  const upkeep = createUpkeep({ nouns, admin, logger: world.logger })
  gateDoor.open(live.gate.handle)
  adminDoor?.open((request, connection) => {
    const answer = request.method === 'GET' ? signals(plainPath(request.url)) : undefined
    return answer ?? admin.fetch(request, { address: connection.peerAddress(request) })
  })
  const gateway: Gateway = {
    url: gateDoor.listener.url,
    adminUrl: adminDoor?.listener.url,
    rootKey,
    nouns,
    live,
    control,
    async stop() {
      nouns.signals.health.drain()
      upkeep.stop()
      const finished = await gateDoor.listener.drain(config.listen.drainTimeout)
      await adminDoor?.listener.drain(ADMIN_DRAIN_MS)
      for (const close of closers.toReversed()) await close()
      return finished
    },
  }
  return { ok: true, gateway }
}

const ADMIN_DRAIN_MS = 2000

/** What an instance needs to be ready: its records answer, its audit log can be written. */
function registerChecks(nouns: Nouns, storage: Storage): void {
  const { health } = nouns.signals
  health.register({ name: 'records', run: () => nouns.identity.tenants.list({ limit: 1 }) })
  health.register({
    name: 'audit',
    run: () => {
      const { status, reason } = nouns.ledger.state()
      if (status !== 'open') throw new Error(reason ?? status)
    },
  })
  health.register({ name: 'counters', run: () => storage.counters.flush(), critical: false })
}
