import type { Caller } from '../core/caller.ts'
import type { ManualClock } from '../core/clock.ts'
import { createManualClock } from '../core/clock.ts'
import { createSeededRandom } from '../core/random.ts'
import type { Outcome, Refusal } from '../core/refusal.ts'
import type { Bus, Records } from '../storage/index.ts'
import { createMemoryBus, createMemoryRecords } from '../storage/index.ts'
import { identityCollections } from './collections.ts'
import type { IdentityConfig } from './config.ts'
import { identityConfig } from './config.ts'
import type { Pepper } from './credentials/peppers.ts'
import { createIdentity } from './identity.ts'
import type { PermissionCompiler } from './permission-compiler.ts'
import type { Identity } from './services.ts'

/** Exact permissions by role, changed by hand: the simplest permission compiler. */
export interface TestRoles extends PermissionCompiler {
  readonly roles: Map<string, readonly string[]>
  readonly assigned: Map<string, readonly string[]>
  changed(tenantId: string | undefined): void
}

export function createTestRoles(): TestRoles {
  const roles = new Map<string, readonly string[]>([
    ['reader', ['scene:read']],
    ['writer', ['scene:read', 'scene:write']],
  ])
  const assigned = new Map<string, readonly string[]>()
  const listeners = new Set<(tenantId: string | undefined) => void>()
  return {
    roles,
    assigned,
    compile(request) {
      const held = [...request.roles, ...(assigned.get(request.subjectId ?? '') ?? [])]
      const granted = [...request.permissions, ...held.flatMap((role) => roles.get(role) ?? [])]
      const scoped = granted.filter((each) => request.scope?.includes(each) ?? true)
      const permissions = {
        has: (permission: string) => scoped.includes(permission),
        explain: () => undefined,
        list: () => scoped,
      }
      return { roles: held, permissions }
    },
    unknownRoles: async (_tenantId, wanted) => wanted.filter((role) => !roles.has(role)),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed(tenantId) {
      for (const listener of listeners) listener(tenantId)
    },
  }
}

export interface RigOptions {
  readonly config?: unknown
  readonly clock?: ManualClock
  readonly records?: Records
  readonly bus?: Bus
  readonly peppers?: readonly Pepper[]
  readonly seed?: number
  readonly ownsRecords?: boolean
}

export interface Rig {
  readonly identity: Identity
  readonly clock: ManualClock
  readonly records: Records
  readonly bus: Bus
  readonly roles: TestRoles
  readonly config: IdentityConfig
  resolve(credential: string): Promise<Caller | Refusal>
}

export const PEPPER: Pepper = { version: 1, bytes: createSeededRandom(99).bytes(32) }

/** An identity on in-memory storage with a stopped clock; tenants `t1` and `t2` exist. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const clock = options.clock ?? createManualClock()
  const records =
    options.records ?? createMemoryRecords({ collections: identityCollections, clock })
  const bus = options.bus ?? createMemoryBus()
  const roles = createTestRoles()
  const config = identityConfig.parse(options.config ?? {})
  const identity = createIdentity({
    records,
    bus,
    clock,
    random: createSeededRandom(options.seed ?? 1),
    config,
    peppers: options.peppers ?? [PEPPER],
    permissions: roles,
    cascade: [],
    ownsRecords: options.ownsRecords,
  })
  if (options.records === undefined) {
    await identity.tenants.create({ id: 't1', name: 'One', plan: 'free' })
    await identity.tenants.create({ id: 't2', name: 'Two' })
  }
  const resolve = async (credential: string): Promise<Caller | Refusal> =>
    identity.resolve(credential, clock.nowMs())
  return { identity, clock, records, bus, roles, config, resolve }
}

/** The value of an outcome that must have succeeded. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
}

/** The code of a refusal, or what was returned instead. */
export const codeOf = (answer: Outcome<unknown> | Caller | Refusal): string => {
  if ('ok' in answer) return answer.ok ? 'ok' : answer.refusal.code
  return 'code' in answer ? answer.code : 'ok'
}
