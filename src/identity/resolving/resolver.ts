import type { Caller } from '../../core/caller.ts'
import type { CredentialResolver } from '../../core/credential-resolver.ts'
import { sha256 } from '../../core/digest.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { CredentialFormat, CredentialHead } from '../credentials/format.ts'
import type { IdentityStats } from '../services.ts'
import { CredentialTable } from './credential-table.ts'
import { createFences } from './fences.ts'
import type { LoadParts } from './load-credential.ts'
import { loadCredential } from './load-credential.ts'
import { createNegativeTable } from './negative-table.ts'
import { CREDENTIAL_REFUSALS } from './refusals.ts'
import type { Uses } from './uses.ts'

/** SHA-256 of bytes, in `out` or in a new array. A server may pass a faster one than that of `node:crypto`. */
export type HashBytes = (bytes: Uint8Array, out: Uint8Array) => Uint8Array

/** What the resolver needs. */
export interface ResolverParts extends LoadParts {
  readonly format: CredentialFormat
  readonly uses: Uses
  readonly hashBytes?: HashBytes | undefined
  /** Called before memory is trusted; see `Bus.hearsAll`. */
  readonly hearsAll?: (() => boolean) | undefined
  /** How long a credential is trusted at most without reading storage again. */
  readonly ageMaxMs: number
}

/** Finds out who presents a credential. */
export interface Resolver extends CredentialResolver {
  /** Forgets everything that depends on an id, or everything at all, and distrusts loads in progress. */
  forget(id: string | undefined): void
  /** When credentials were last used, for those that this instance remembers. */
  lastUses(ids: readonly string[]): ReadonlyMap<string, number>
  /** Writes the next uses that are due; resolves with whether more may be due. */
  flush(nowMs: number): Promise<boolean>
  /** Writes every last use. */
  drain(): Promise<void>
  stats(): IdentityStats
}

/** The table of remembered refusals has 2¹⁴ places of 16 bytes. */
const NEGATIVE_BITS = 14
/** How often a load is attempted if changes keep breaking its fence. */
const ATTEMPTS_MAX = 16

/**
 * Creates the {@link Resolver}. A known credential is answered synchronously: scan (prefix, length,
 * alphabet, checksum), one SHA-256, one cache line of the table. An unknown one is read from storage
 * behind a fence; the same credential presented again meanwhile waits for the same load.
 */
export function createResolver(parts: ResolverParts): Resolver {
  const { format, config, uses, hearsAll } = parts
  const hashBytes: HashBytes = parts.hashBytes ?? ((bytes) => sha256(bytes))
  const table = new CredentialTable(config.cache.entriesMax, (use) => uses.left(use))
  const negatives = createNegativeTable(NEGATIVE_BITS, config.cache.negativeAge)
  const fences = createFences()
  const loading = new Map<string, Promise<Caller | Refusal>>()
  let loadsInFlight = 0
  const counts = { hits: 0, misses: 0, junk: 0, negativeHits: 0, loads: 0, fenced: 0 }

  const load = async (
    text: string,
    head: CredentialHead,
    publicId: string,
    digest: Uint8Array,
    nowMs: number,
  ): Promise<Caller | Refusal> => {
    const slot = table.find(digest)
    const slotUseMs = slot < 0 ? 0 : table.lastUsedMs(slot)
    const lastUseMs = (id: string): number => Math.max(slotUseMs, uses.unwrittenMs(id))
    const presented = { text, sort: head.sort, publicId, digest, lastUseMs }
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const fence = fences.begin()
      try {
        counts.loads++
        const found = await loadCredential(parts, presented, fence, nowMs)
        if (fence.isBroken()) {
          counts.fenced++
          continue
        }
        if (typeof found === 'string') {
          table.remove(digest)
          negatives.add(digest, nowMs)
          return CREDENTIAL_REFUSALS[found]
        }
        // Ages differ by up to a tenth, so that credentials loaded together are not read again together.
        const ageMs = parts.ageMaxMs * (1 - (digest[31]! / 255) * 0.1)
        const validUntilMs = Math.min(found.validUntilMs, nowMs + ageMs)
        return table.store(digest, found.caller, found.dependencies, validUntilMs, nowMs)
      } catch (error) {
        const internal = `identity cannot read: ${error instanceof Error ? error.message : 'error'}`
        return refuse('unavailable', { internal })
      } finally {
        fence.end()
      }
    }
    return refuse('unavailable', { internal: 'identity changed during every load' })
  }

  const miss = (
    text: string,
    head: CredentialHead,
    digest: Uint8Array,
    nowMs: number,
  ): Refusal | Promise<Caller | Refusal> => {
    if (negatives.has(digest, nowMs)) {
      counts.negativeHits++
      return CREDENTIAL_REFUSALS.remembered
    }
    counts.misses++
    const joined = loading.get(text)
    if (joined !== undefined) return joined
    if (loadsInFlight >= config.cache.loadsMax) {
      return refuse('unavailable', { internal: 'too many credentials are being loaded' })
    }
    loadsInFlight++
    const started = load(text, head, format.publicId(text, head), digest, nowMs).finally(() => {
      loadsInFlight--
      if (loading.get(text) === started) loading.delete(text)
    })
    loading.set(text, started)
    return started
  }

  return {
    resolve(text, nowMs, from = 0, to = text.length) {
      const head = format.scan(text, from, to)
      if (head === undefined) {
        counts.junk++
        return CREDENTIAL_REFUSALS.junk
      }
      // If a change may have been missed, this forgets everything before the lookup.
      hearsAll?.()
      const digest = hashBytes(head.scratch, table.wantedBytes)
      const slot = table.find(digest)
      const caller = slot < 0 ? undefined : table.use(slot, nowMs)
      if (caller === undefined)
        return miss(text.slice(from, to), head, new Uint8Array(digest), nowMs)
      counts.hits++
      return caller
    },
    forget(id) {
      fences.break(id)
      negatives.clear()
      loading.clear() // later requests must not be answered with what was read before
      if (id === undefined) table.clear()
      else table.removeDependent(id)
    },
    lastUses: (ids) => lastUsesOf(table, uses, ids),
    flush: (nowMs) => uses.flush(table, nowMs),
    drain: () => uses.drain(table),
    stats: () => ({
      ...counts,
      entries: table.size,
      capacity: table.capacity,
      evictions: table.evictions,
    }),
  }
}

function lastUsesOf(
  table: CredentialTable,
  uses: Uses,
  ids: readonly string[],
): ReadonlyMap<string, number> {
  const found = table.lastUses(new Set(ids))
  for (const id of ids) {
    const unwrittenMs = uses.unwrittenMs(id)
    if (unwrittenMs > (found.get(id) ?? 0)) found.set(id, unwrittenMs)
  }
  return found
}
