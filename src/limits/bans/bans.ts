import { compileAddressMatcher } from '../../core/address.ts'
import type { Caller } from '../../core/caller.ts'
import { createTrustedPeers } from '../../core/client-address.ts'
import type { Clock } from '../../core/clock.ts'
import type { IdFactory } from '../../core/ids.ts'
import type { Outcome, RefusalCode } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Bus, Page, Records } from '../../storage/index.ts'
import { addressGroup } from '../address-group.ts'
import type { BansConfig } from '../config.ts'
import type { Ban, BanKind } from './ban.ts'
import { bansCollection, NEVER_MS } from './ban.ts'
import type { BanRequest } from './ban-request.ts'
import { subjectToBan } from './ban-request.ts'
import { createBanIndex } from './ban-index.ts'
import { createBanStore } from './ban-store.ts'
import { createBanSync } from './ban-sync.ts'
import { banLengthMs, isSpent, levelLeft } from './escalation.ts'
import { canonicalNetwork } from './network-table.ts'
import type { Violations } from './violations.ts'
import { createViolations } from './violations.ts'

/** A refusal that may count toward a ban of whoever caused it. */
export interface Violation {
  readonly code: RefusalCode
  /** Canonical client address. */
  readonly address: string
  readonly caller: Caller
}

/** What the rest of the gate hears about bans. Hooks must not throw. */
export interface BanHooks {
  /** This instance began or lifted a ban; for the audit log. */
  readonly onBan?: (event: { readonly kind: 'banned' | 'lifted'; readonly ban: Ban }) => void
  /** Bans could not be written or read. They hold in this process, and {@link Bans.maintain} tries again. */
  readonly onStorageFailure?: (error: unknown) => void
}

/** What {@link createBans} needs. */
export interface BansOptions {
  readonly config: BansConfig
  /** Networks of trusted proxies: one such address stands for many clients, so it is never banned automatically. */
  readonly proxies?: readonly string[]
  readonly records: Records
  readonly bus: Bus
  readonly clock: Clock
  readonly ids: IdFactory
  readonly hooks?: BanHooks
}

/** Bans: made by repeated refusals or by hand, checked on every request, durable and shared between instances. */
export interface Bans {
  /** Reads the stored bans; call it once before serving. */
  load(): Promise<void>
  /** Whether any address may be banned: while none is, no client's address has to be worked out. */
  anyAddress(): boolean
  /** The ban in force on a canonical address. Synchronous; its cost does not depend on the number of bans. */
  check(address: string, nowMs: number): Ban | undefined
  /** The ban in force on a caller: on its credential, the key that its token was made with, or its user. Synchronous. */
  checkCaller(caller: Caller, nowMs: number): Ban | undefined
  /** Counts a refusal; returns the ban that it led to, if any, which is in force at once. */
  record(violation: Violation): Ban | undefined
  /** Bans by hand; on disk when it resolves. */
  ban(request: BanRequest): Promise<Outcome<Ban>>
  /** Ends a ban, so that the next one starts at the first level again; on disk when it resolves. */
  lift(id: string): Promise<Outcome<Ban>>
  get(id: string): Promise<Outcome<Ban>>
  /** The bans in force, soonest to end first. */
  list(page: { readonly cursor?: string; readonly limit?: number }): Promise<Page<Ban>>
  /** Changes the rules; bans in force stay. */
  configure(config: BansConfig, proxies?: readonly string[]): void
  /** Removes rows that no longer matter and retries failed writes. Call it every minute. */
  maintain(): Promise<void>
  /** Resolves when everything begun so far is on disk, or has failed and was reported. */
  flush(): Promise<void>
  /** Stops listening, after {@link Bans.flush}. */
  close(): Promise<void>
}

interface Rules {
  readonly config: BansConfig
  readonly counts: ReadonlySet<RefusalCode>
  readonly isTrusted: (address: string) => boolean
  /** Whether an address belongs to a trusted proxy, which can be banned only by hand. */
  readonly isProxy: (address: string) => boolean
  readonly violations: Violations
}

/** Creates {@link Bans}. */
export function createBans(options: BansOptions): Bans {
  const { records, clock, ids, hooks = {} } = options
  const reader = records.global(bansCollection)
  const index = createBanIndex()
  let rules = compileRules(options.config, options.proxies)
  const sync = createBanSync({
    index,
    store: createBanStore(records),
    bus: options.bus,
    backlogMax: () => rules.config.bansMax,
    onFailure: (error) => hooks.onStorageFailure?.(error),
  })

  const draft = (fields: Omit<Ban, 'id' | 'version' | 'createdAtMs' | 'updatedAtMs'>): Ban => {
    const nowMs = clock.nowMs()
    return { id: ids('ban'), version: 1, createdAtMs: nowMs, updatedAtMs: nowMs, ...fields }
  }
  const find = async (id: string): Promise<Outcome<Ban>> => {
    const ban = await reader.get(id)
    return ban === undefined || ban.expiresAtMs <= clock.nowMs()
      ? fail('not_found', { detail: 'No such ban.' })
      : succeed(ban)
  }

  const escalate = (kind: BanKind, subject: string, violation: Violation): Ban | undefined => {
    const nowMs = clock.nowMs()
    const earlier = index.get(kind, subject)
    if (earlier !== undefined && earlier.expiresAtMs > nowMs) return undefined
    const level = levelLeft(earlier, rules.config, nowMs) + 1
    const made = draft({
      kind,
      subject,
      reason: violation.code,
      level,
      expiresAtMs: nowMs + banLengthMs(level, rules.config),
      bannedBy: null,
      ownerTenantId: violation.caller.tenantId || null,
    })
    const ban = earlier === undefined ? made : { ...made, id: earlier.id }
    sync.saveSoon(ban)
    const { count, oldest } = index.automatic()
    if (count > rules.config.bansMax && oldest !== undefined) sync.removeSoon(oldest)
    hooks.onBan?.({ kind: 'banned', ban })
    return ban
  }

  return {
    anyAddress: () => index.hasAddresses,
    load: async () => sync.reload(),
    check(address, nowMs) {
      const ban = index.findAddress(address, nowMs)
      return ban === undefined || rules.isTrusted(address) ? undefined : ban
    },
    checkCaller({ id, ownerId, userId }, nowMs) {
      if (!index.hasKeys) return undefined
      return (
        index.findKey(id, nowMs) ??
        (ownerId === undefined ? undefined : index.findKey(ownerId, nowMs)) ??
        (userId === undefined ? undefined : index.findKey(userId, nowMs))
      )
    },
    record(violation) {
      if (!rules.counts.has(violation.code)) return undefined
      if (rules.isTrusted(violation.address)) return undefined
      const place = subjectOf(violation, rules.config)
      if (place === undefined) return undefined
      if (place[0] === 'address' && rules.isProxy(violation.address)) return undefined
      const isBan = rules.violations.add(violationKey(...place), clock.monotonicMs())
      return isBan ? escalate(...place, violation) : undefined
    },
    async ban(request) {
      const parsed = subjectToBan(request, rules.isTrusted)
      if (!parsed.ok) return parsed
      const ban = draft({
        kind: request.kind,
        subject: parsed.value,
        reason: request.reason,
        level: 0,
        expiresAtMs: Math.min(clock.nowMs() + (request.durationMs ?? NEVER_MS), NEVER_MS),
        bannedBy: request.bannedBy,
        ownerTenantId: request.ownerTenantId ?? null,
      })
      const saved = await sync.save(ban)
      hooks.onBan?.({ kind: 'banned', ban: saved })
      return succeed(saved)
    },
    async lift(id) {
      await sync.flush()
      const found = await find(id)
      if (!found.ok) return found
      rules.violations.forget(violationKey(found.value.kind, found.value.subject))
      await sync.remove(found.value)
      hooks.onBan?.({ kind: 'lifted', ban: found.value })
      return found
    },
    async get(id) {
      await sync.flush()
      return find(id)
    },
    async list({ cursor, limit }) {
      await sync.flush()
      return reader.find({
        index: 'bans_by_expiry',
        equals: {},
        from: clock.nowMs() + 1,
        ...(cursor === undefined ? {} : { cursor }),
        ...(limit === undefined ? {} : { limit }),
      })
    },
    configure(config, proxies) {
      rules = compileRules(config, proxies)
    },
    async maintain() {
      await sync.retry()
      const nowMs = clock.nowMs()
      for (const ban of index.rows()) {
        if (isSpent(ban, rules.config, nowMs)) await sync.prune(ban)
      }
    },
    flush: async () => sync.flush(),
    close: async () => sync.close(),
  }
}

function compileRules(config: BansConfig, proxies: readonly string[] = []): Rules {
  const isTrusted = compileAddressMatcher(config.trusted)
  return {
    config,
    counts: new Set(config.enabled ? config.counts : []),
    isTrusted: config.trusted.length === 0 ? () => false : isTrusted,
    isProxy: createTrustedPeers(proxies),
    violations: createViolations({
      threshold: config.violations,
      windowMs: config.window,
      subjectsMax: config.subjectsMax,
    }),
  }
}

/** A known caller is banned by its credential, so that it cannot get everyone behind its address banned. */
function subjectOf(
  { address, caller }: Violation,
  { subjects }: BansConfig,
): readonly [BanKind, string] | undefined {
  if (caller.id !== '' && subjects.includes('key')) return ['key', caller.id]
  if (!subjects.includes('address')) return undefined
  const subject = canonicalNetwork(addressGroup(address))
  return subject === undefined ? undefined : ['address', subject]
}

const violationKey = (kind: BanKind, subject: string): string => `${kind} ${subject}`
