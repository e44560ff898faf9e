import type { Clock } from '../core/clock.ts'
import { createIdFactory } from '../core/ids.ts'
import { fail, succeed } from '../core/refusal.ts'
import type { Random } from '../core/random.ts'
import type { Bus, Records } from '../storage/index.ts'
import { keyCollection } from './collections.ts'
import type { IdentityConfig } from './config.ts'
import { createCredentialFormat } from './credentials/format.ts'
import type { Pepper } from './credentials/peppers.ts'
import { createPeppers } from './credentials/peppers.ts'
import { createBoundedHasher } from './passwords/bounded-hasher.ts'
import type { PasswordHasher } from './passwords/password-hasher.ts'
import { createPasswordHasher } from './passwords/password-hasher.ts'
import { createSessionService } from './sessions/session-service.ts'
import { sweepExpired } from './sweep.ts'
import { createTokenService } from './tokens/token-service.ts'
import { createLockout } from './users/lockout.ts'
import { createUserService } from './users/user-service.ts'
import { createKeyService } from './keys/key-service.ts'
import type { IdentityParts } from './parts.ts'
import { missing } from './parts.ts'
import type { PermissionCompiler } from './permission-compiler.ts'
import { createIdentityChanges } from './resolving/changes.ts'
import { loadKeyById } from './resolving/load-credential.ts'
import { createCallerMaker } from './resolving/principal.ts'
import { REASONS } from './resolving/refusals.ts'
import type { HashBytes } from './resolving/resolver.ts'
import { createResolver } from './resolving/resolver.ts'
import { createUses } from './resolving/uses.ts'
import type { Identity } from './services.ts'
import type { CascadedCollection } from './tenants/tenant-service.ts'
import { createTenantService } from './tenants/tenant-service.ts'

/** What {@link createIdentity} needs. */
export interface IdentityOptions {
  readonly records: Records
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly config: IdentityConfig
  /** The current pepper and those that it replaced. Keep them apart from the records. */
  readonly peppers: readonly Pepper[]
  readonly permissions: PermissionCompiler
  /** Collections of other modules whose rows are deleted with their tenant. */
  readonly cascade: readonly CascadedCollection[]
  /** Default: Argon2id at the configured cost if the runtime has it, otherwise scrypt. */
  readonly hasher?: PasswordHasher | undefined
  /** SHA-256; default: that of `node:crypto`. */
  readonly hashBytes?: HashBytes | undefined
  /** Whether only this process changes the records, so that no message on the bus can be lost. Default: false. */
  readonly ownsRecords?: boolean | undefined
}

/** How long credentials are trusted, unless the configuration says. */
const AGE_MAX_MS = { owned: 600_000, shared: 30_000 } as const

const USES_EVERY_MAX_MS = 60_000

/**
 * How often uses are written. Sessions expire when idle, whichever instance checks, so the stored use must be accurate
 * to a tenth of the idle time.
 */
const usesEveryMs = ({ sessions }: IdentityConfig): number =>
  Math.min(USES_EVERY_MAX_MS, sessions.idleTimeout / 10)

/** Creates an {@link Identity}. */
export function createIdentity(options: IdentityOptions): Identity {
  const { records, clock, random, config, permissions } = options
  const peppers = createPeppers(options.peppers)
  const format = createCredentialFormat(config.keys.prefix, peppers.current.bytes)
  const uses = createUses(records, usesEveryMs(config))
  const background = new Set<Promise<unknown>>()
  const makeCaller = createCallerMaker(records, permissions)
  const resolver = createResolver({
    records,
    config,
    peppers,
    format,
    uses,
    hashBytes: options.hashBytes,
    hearsAll: options.bus.hearsAll,
    ageMaxMs:
      config.cache.ageMax ?? (options.ownsRecords === true ? AGE_MAX_MS.owned : AGE_MAX_MS.shared),
    makeCaller,
    upgradeKey(row, digest) {
      const { id, tenantId, version: ifVersion, updatedAtMs } = row
      const set = { digest, pepperVersion: peppers.current.version, updatedAtMs }
      const change = { op: 'update', collection: keyCollection.name, tenantId, id } as const
      // If the key was changed meanwhile, it is upgraded the next time it is read.
      const upgrade = records.commit([{ ...change, set, ifVersion }]).catch(() => undefined)
      background.add(upgrade)
      void upgrade.then(() => background.delete(upgrade))
    },
  })
  const changes = createIdentityChanges(options.bus, random, (id) => resolver.forget(id))
  const endRoleChanges = permissions.onChange((tenantId) => resolver.forget(tenantId))
  const parts: IdentityParts = {
    records,
    clock,
    random,
    ids: createIdFactory(clock, random),
    config,
    format,
    peppers,
    permissions,
    announce: (ids) => changes.announce(ids),
    lastUses: (ids) => resolver.lastUses(ids),
  }
  const resolve: Identity['resolve'] = (text, nowMs, from, to) =>
    resolver.resolve(text, nowMs, from, to)
  const sessions = createSessionService({ ...parts, resolve })
  const { concurrencyMax, waitingMax } = config.passwords
  const hasher = options.hasher ?? createPasswordHasher(config.passwords, random)
  return {
    resolve,
    keys: createKeyService(parts),
    tokens: createTokenService({ ...parts, resolve }),
    users: createUserService({
      ...parts,
      hasher: createBoundedHasher(hasher, concurrencyMax, waitingMax),
      lockout: createLockout(config.lockout, clock),
      logout: (credential) => sessions.logout(credential),
    }),
    sessions,
    tenants: createTenantService(parts, options.cascade),
    async callerOfKey(tenantId, keyId) {
      const found = await loadKeyById(
        { records, config, makeCaller },
        tenantId,
        keyId,
        clock.nowMs(),
      )
      if (found === undefined) return missing('key', keyId)
      if (typeof found !== 'string') return succeed(found)
      return fail('conflict', { detail: `The key is not accepted: ${REASONS[found]}.` })
    },
    stats: () => resolver.stats(),
    flush: () => resolver.flush(clock.nowMs()),
    sweep: () => sweepExpired(records, clock.nowMs()),
    async close() {
      changes.close()
      endRoleChanges()
      await Promise.all(background)
      await resolver.drain()
    },
  }
}
