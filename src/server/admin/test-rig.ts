import type { ManualClock } from '../../core/clock.ts'
import { createManualClock } from '../../core/clock.ts'
import { createIdFactory } from '../../core/ids.ts'
import { systemRandom } from '../../core/random.ts'
import { createIdentity, identityCollections, identityConfig } from '../../identity/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import { auditConfig, createLedger } from '../../ledger/index.ts'
import {
  bansCollection,
  bansConfig,
  createBans,
  createLimiter,
  limitsConfig,
} from '../../limits/index.ts'
import type { Policy } from '../../policy/index.ts'
import { createPolicy, policyCollections, policyConfig } from '../../policy/index.ts'
import type { AnyCollection, Records } from '../../storage/index.ts'
import {
  createMemoryBus,
  createMemoryCounters,
  createMemoryLog,
  createMemoryRecords,
} from '../../storage/index.ts'
import type { AdminApp, CacheControl, ConfigControl, GateView, RootKey } from './index.ts'
import { createAdminApp, idempotencyCollection, openRootKey, rootKeyCollection } from './index.ts'

/** Everything that the admin API keeps or administers. */
export const TEST_COLLECTIONS: readonly AnyCollection[] = [
  ...identityCollections,
  ...policyCollections,
  bansCollection,
  rootKeyCollection,
  idempotencyCollection,
]

export interface AdminRig {
  readonly app: AdminApp
  readonly clock: ManualClock
  readonly ledger: Ledger
  readonly identity: Identity
  readonly policy: Policy
  readonly records: Records
  readonly rootKey: RootKey
  /** The root key's secret, which is known because it was just made. */
  readonly root: string
  readonly internals: string[]
  call(method: string, path: string, options?: CallOptions): Promise<Called>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Used instead of the root key; empty for none. */
  readonly credential?: string
  readonly address?: string
}

export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
  /** The value at a dotted path of the JSON; `undefined` if absent. */
  readonly field: (path: string) => unknown
}

export interface RigOptions {
  readonly records?: Records
  readonly clock?: ManualClock
  readonly root?: string
  /** Replaces the ledger. */
  readonly ledger?: (real: Ledger) => Ledger
  readonly config?: ConfigControl
  readonly gate?: GateView
  readonly cache?: CacheControl
}

const PEPPER_BYTES = 32

const nothing = (): never => {
  throw new Error('not part of this test')
}

const noConfig: ConfigControl = { state: nothing, check: nothing, reload: nothing }
const noGate: GateView = {
  routes: nothing,
  upstreams: nothing,
  shadows: nothing,
  policies: () => [],
  stats: () => ({}),
  explain: nothing,
}

const noCache: CacheControl = { stats: nothing, purge: nothing, settled: nothing }

const childOf = (value: unknown, key: string): unknown =>
  value !== null && typeof value === 'object'
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined

/** The admin API on real storage in memory, or on the records given. */
export async function createAdminRig(options: RigOptions = {}): Promise<AdminRig> {
  const clock = options.clock ?? createManualClock()
  const random = systemRandom
  const records = options.records ?? createMemoryRecords({ collections: TEST_COLLECTIONS, clock })
  const bus = createMemoryBus()
  const policy = createPolicy({
    records,
    bus,
    clock,
    random,
    config: policyConfig.parse({}),
    readText: nothing,
  })
  const identity = createIdentity({
    records,
    bus,
    clock,
    random,
    config: identityConfig.parse({}),
    peppers: [{ version: 1, bytes: random.bytes(PEPPER_BYTES) }],
    permissions: policy,
    cascade: policyCollections,
  })
  const realLedger = await createLedger({
    log: createMemoryLog(),
    clock,
    config: auditConfig.parse({}),
  })
  const ledger = options.ledger?.(realLedger) ?? realLedger
  const ids = createIdFactory(clock, random)
  const bans = createBans({ config: bansConfig.parse({}), records, bus, clock, ids })
  await bans.load()
  const limiter = createLimiter({
    limits: limitsConfig.parse({}),
    counters: createMemoryCounters({ entriesMax: 1024 }),
    clock,
  })
  const rootKey = await openRootKey({ records, clock, random })
  const internals: string[] = []
  const app = createAdminApp({
    identity,
    policy,
    bans,
    ledger,
    rootKey,
    clock,
    random,
    records,
    limiter: () => limiter,
    config: options.config ?? noConfig,
    gate: options.gate ?? noGate,
    cache: options.cache ?? noCache,
    onInternal: (message) => internals.push(message),
  })
  const root = options.root ?? rootKey.created ?? ''
  const call = async (method: string, path: string, more: CallOptions = {}): Promise<Called> => {
    const credential = more.credential ?? root
    const headers = new Headers({ host: '127.0.0.1:8081', ...more.headers })
    if (credential !== '') headers.set('authorization', `Bearer ${credential}`)
    const hasBody = more.body !== undefined
    if (hasBody && !headers.has('content-type')) headers.set('content-type', 'application/json')
    const raw = more.body
    const body =
      typeof raw === 'string'
        ? raw
        : raw instanceof Uint8Array
          ? new Uint8Array(raw)
          : JSON.stringify(raw)
    const request = new Request(`http://127.0.0.1:8081${path}`, {
      method,
      headers,
      ...(hasBody && { body }),
    })
    const response = await app.fetch(request, { address: more.address ?? '127.0.0.1' })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const json = isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined
    const field = (wanted: string): unknown => wanted.split('.').reduce<unknown>(childOf, json)
    return { status: response.status, headers: response.headers, text, json, field }
  }
  return { app, clock, ledger, identity, policy, records, rootKey, root, internals, call }
}
