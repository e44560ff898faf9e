/**
 * Embed Tollgate in a server of your own: {@link createGate} turns a configuration into a function from
 * request to response. Runs on Bun and on Node 20 and later; see `docs/guides/embedding.md`.
 *
 * @module
 */
import { systemClock } from './core/clock.ts'
import type { Clock } from './core/clock.ts'
import type { ConfigError } from './core/config/index.ts'
import { loadConfig } from './core/config/index.ts'
import { systemRandom } from './core/random.ts'
import type { Random } from './core/random.ts'
import type {
  CompileProblem,
  GatewayConfig,
  GatewayConfigInput,
  Handler,
  NounStorage,
  Pepper,
  World,
} from './gate/index.ts'
import {
  admitRequest,
  createAllowListCounts,
  createLive,
  createNouns,
  gatewayConfig,
  largestBodyOf,
  loadDeciders,
} from './gate/index.ts'
import { identityCollections } from './identity/index.ts'
import type { Identity } from './identity/index.ts'
import type { Ledger } from './ledger/index.ts'
import { bansCollection } from './limits/index.ts'
import type { Bans } from './limits/index.ts'
import { policyCollections } from './policy/index.ts'
import type { Policy } from './policy/index.ts'
import type { Logger } from './signals/index.ts'
import { createLogger } from './signals/index.ts'
import type { AnyCollection } from './storage/index.ts'
import {
  COUNTER_ROWS,
  createDurableCounters,
  createMemoryBus,
  createMemoryLog,
  createMemoryRecords,
} from './storage/index.ts'

export type { Caller, CallerKind, PermissionSet } from './core/caller.ts'
export type { Refusal, RefusalCode } from './core/refusal.ts'
export type { Clock, ManualClock } from './core/clock.ts'
export { createManualClock, systemClock } from './core/clock.ts'
export type { ConfigError } from './core/config/index.ts'
export type { Random } from './core/random.ts'
export { defineConfig } from './gate/index.ts'
export type {
  GatewayConfig,
  GatewayConfigInput,
  Handler,
  NounStorage,
  Passed,
  Pepper,
} from './gate/index.ts'
export type { Logger } from './signals/index.ts'
export { createLogger } from './signals/index.ts'

/** What a gate is created with. Everything but `config` has a default. */
export interface CreateGateOptions {
  /** As `tollgate.yaml` would say it. `listen`, `admin` and `storage` are not looked at. */
  readonly config: GatewayConfigInput
  /** Answers routes with `handler: true`. */
  readonly handler?: Handler
  /** Default: memory, which forgets everything with the process. */
  readonly storage?: NounStorage
  /**
   * Secrets of 32 bytes that digests of credentials are keyed with. Default: one made now, which is
   * right for storage in memory alone.
   */
  readonly peppers?: readonly Pepper[]
  readonly clock?: Clock
  readonly random?: Random
  /** Made by {@link createLogger}, say. Default: silent, so that nobody hears why a handler failed. */
  readonly logger?: Logger
}

/** A gate within a program of your own. */
export interface EmbeddedGate {
  /**
   * Answers a request. Never rejects.
   *
   * @param info.address the peer's address as the socket reports it; default 127.0.0.1.
   */
  fetch(request: Request, info?: { readonly address?: string }): Promise<Response>
  readonly identity: Identity
  readonly policy: Policy
  readonly bans: Bans
  readonly ledger: Ledger
  /** Puts another configuration in force; throws a {@link ConfigRefusedError} and changes nothing. */
  reload(config: GatewayConfigInput): Promise<void>
  /** Writes everything down and ends. Storage that was handed in stays open. */
  close(): Promise<void>
}

/** A configuration that cannot be put in force, with everything that is wrong with it. */
export class ConfigRefusedError extends Error {
  readonly errors: readonly ConfigError[]
  constructor(errors: readonly ConfigError[]) {
    super(errors.map(textOf).join('\n'))
    this.name = 'ConfigRefusedError'
    this.errors = errors
  }
}

function textOf({ path, message, suggestion }: ConfigError): string {
  const isSaid = suggestion === undefined || message.includes('did you mean')
  const hint = isSaid ? '' : `; did you mean "${suggestion}"?`
  return `${path === '' ? '' : `${path}: `}${message}${hint}`
}

const PEPPER_BYTES = 32

/** Creates an {@link EmbeddedGate}. Rejects with a {@link ConfigRefusedError}. */
export async function createGate(options: CreateGateOptions): Promise<EmbeddedGate> {
  const { clock = systemClock, random = systemRandom, handler } = options
  const world = createWorld(clock, random, options.logger)
  const loaded = await parseConfig(options.config)
  const storage = options.storage ?? createMemoryStorage(loaded.value, clock)
  const peppers = options.peppers ?? [{ version: 1, bytes: random.bytes(PEPPER_BYTES) }]
  const nouns = await createNouns(loaded.value, storage, peppers, world)
  const outcome = createLive(loaded.value, {
    nouns,
    counters: storage.counters,
    allowLists: createAllowListCounts(),
    world,
    createDeciders: await loadDeciders(loaded.value),
    ...(handler !== undefined && { handler }),
  })
  if (!outcome.ok) {
    await nouns.close()
    throw refused(loaded, outcome.problems)
  }
  const { live } = outcome
  let bodyBytesMax = largestBodyOf(loaded.value)
  return {
    async fetch(request, { address = '127.0.0.1' } = {}) {
      const scheme = request.url.startsWith('https:') ? 'https' : 'http'
      return live.gate.fetch(admitRequest(request, bodyBytesMax), {
        scheme,
        peerAddress: () => address,
      })
    },
    identity: nouns.identity,
    policy: nouns.policy,
    bans: nouns.bans,
    ledger: nouns.ledger,
    async reload(config) {
      const next = await parseConfig(config)
      const problems = await live.apply(next.value)
      if (problems.length > 0) throw refused(next, problems)
      bodyBytesMax = largestBodyOf(next.value)
    },
    async close() {
      await live.close(0)
      await nouns.close()
    },
  }
}

type LoadedConfig = Extract<
  Awaited<ReturnType<typeof loadConfig<typeof gatewayConfig>>>,
  { ok: true }
>

/** Configuration given as a value reads like a module's default export. */
async function parseConfig(config: GatewayConfigInput): Promise<LoadedConfig> {
  const outcome = await loadConfig({
    path: 'config.ts',
    schema: gatewayConfig,
    environment: {},
    readFile: () => Promise.reject(new Error('files are read from configuration files only')),
    importModule: () => Promise.resolve({ default: config }),
  })
  if (!outcome.ok) throw new ConfigRefusedError(outcome.errors)
  return outcome
}

const refused = (loaded: LoadedConfig, problems: readonly CompileProblem[]): ConfigRefusedError =>
  new ConfigRefusedError(problems.map(({ path, message }) => loaded.errorAt(path, message)))

function createWorld(clock: Clock, random: Random, logger: Logger | undefined): World {
  const silent = (): Logger =>
    createLogger({ clock, sink: { write: () => undefined }, level: 'silent' })
  return {
    clock,
    random,
    logger: logger ?? silent(),
    build: { version: 'embedded', runtime: 'embedded' },
  }
}

const COLLECTIONS: readonly AnyCollection[] = [
  ...identityCollections,
  ...policyCollections,
  bansCollection,
  COUNTER_ROWS,
]

function createMemoryStorage(config: GatewayConfig, clock: Clock): NounStorage {
  const records = createMemoryRecords({ collections: COLLECTIONS, clock })
  return {
    records,
    counters: createDurableCounters({ records, entriesMax: config.storage.counters }),
    log: createMemoryLog(),
    bus: createMemoryBus(),
  }
}
