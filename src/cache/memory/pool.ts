import type { EpochTable } from '../contract.ts'
import type { PooledKey } from '../keys/cache-key.ts'
import { Ghosts } from './ghosts.ts'
import { COUNT, COUNTS_STRIDE } from './kind-counts.ts'
import type { PoolLimits } from './pool-limits.ts'
import { chargedBytes, checkedLimits, entryBytesMaxOf } from './pool-limits.ts'
import { SlotIndex } from './slot-index.ts'
import { SlotQueue } from './slot-queue.ts'
import {
  BYTES,
  EXPIRES,
  HASH,
  NAME,
  PLACES,
  POSITION,
  QUEUE,
  REFERENCES,
  SCOPE,
  Slots,
  TENANT,
  TENANT_QUEUE,
  VALUE,
} from './slots.ts'
import { TenantBook } from './tenant-book.ts'

/** What is stored with a value. */
export interface Placement {
  /** The number of its kind. */
  readonly kind: number
  readonly tenant: string
  /** Bytes of the value only. */
  readonly valueBytes: number
  /** Expiry in monotonic milliseconds: from then on, it is never returned. */
  readonly expiresMs: number
  /** Places of the names that it depends on. */
  readonly places: readonly number[]
  /** Position of the epochs under which it was read. */
  readonly position: number
}

const USES_MASK = 3
const IN_MAIN = 4

/** Share of the pool that new entries pass through. */
const SMALL_SHARE = 0.1
/**
 * After this many used entries have got another round, the next one is evicted although it was used, so that no
 * eviction takes long.
 */
const ROUNDS_MAX = 256

/**
 * One pool of the in-process level: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023)
 * on slots in typed arrays. A hit moves nothing: it raises a counter of two bits. New entries pass through a small
 * queue; those used meanwhile, or that come back soon after, reach the main one. So a scan, or a flood of keys that are
 * used once, does not touch the main queue.
 *
 * Expired and invalidated entries are found when looked up, swept or evicted; invalidating is O(1).
 */
export class Pool {
  readonly limits: PoolLimits
  /** Counts for each kind, {@link COUNTS_STRIDE} numbers each. */
  readonly counts: Float64Array
  bytes = 0
  private readonly epochs: EpochTable
  private readonly tenants: TenantBook | undefined
  private readonly entryBytesMax: number
  private readonly small: SlotQueue
  private readonly main: SlotQueue
  private readonly index: SlotIndex
  private ghosts: Ghosts | undefined = undefined
  private readonly slots: Slots
  /** Slots below this one have been used at least once. */
  private touched = 0
  /** The first of the slots that were freed, linked by their queue words, or -1. */
  private freed = -1
  /** How many entries the small queue may hold before it is evicted from. */
  private readonly smallEntriesMax: number
  private readonly smallBytesMax: number
  private swept = 0
  /** The key of the latest miss, if nothing has been added since: it is usually the one that is added next. */
  private missing: PooledKey | undefined = undefined

  /** @throws RangeError when a limit is negative or not a number */
  constructor(limits: PoolLimits, kindsCount: number, epochs: EpochTable) {
    this.limits = checkedLimits(limits)
    const { entriesMax, bytesMax, tenantShareMax } = this.limits
    this.counts = new Float64Array(kindsCount * COUNTS_STRIDE)
    this.epochs = epochs
    this.smallEntriesMax = entriesMax * SMALL_SHARE
    this.smallBytesMax = bytesMax * SMALL_SHARE
    const hasQuota = tenantShareMax < 1
    this.entryBytesMax = entryBytesMaxOf(this.limits)
    this.slots = new Slots(entriesMax, hasQuota)
    this.small = new SlotQueue(this.slots, QUEUE)
    this.main = new SlotQueue(this.slots, QUEUE)
    this.index = new SlotIndex(this.slots)
    this.tenants = hasQuota
      ? new TenantBook(
          this.slots,
          TENANT_QUEUE,
          bytesMax * tenantShareMax,
          entriesMax * tenantShareMax,
        )
      : undefined
  }

  get size(): number {
    return this.small.count + this.main.count
  }

  /**
   * The value of a key, if it is valid; `undefined` otherwise. The caller counts hits and misses, because it knows what
   * kind was looked up.
   */
  get(key: PooledKey, nowMs: number): unknown {
    const slot = this.index.find(key)
    if (slot < 0) {
      this.missing = key
      return undefined
    }
    const { slots } = this
    const { floats } = slots
    const at = (slot * slots.stride) >>> 1
    if (nowMs >= floats[at + EXPIRES]!) {
      this.drop(slot, COUNT.expired)
      return undefined
    }
    if (floats[at + POSITION] !== this.epochs.position() && !this.isCurrent(slot)) {
      this.drop(slot, COUNT.invalidated)
      return undefined
    }
    const flags = slots.flags[slot]!
    if ((flags & USES_MASK) !== USES_MASK) slots.flags[slot] = flags + 1
    return slots.references[slot * REFERENCES + VALUE]
  }

  /**
   * Stores a value; `false` when it is larger than the pool or its tenant's quota allows, or its size is not a valid
   * number.
   */
  set(key: PooledKey, value: unknown, placement: Placement): boolean {
    const bytes = chargedBytes(key, placement.valueBytes)
    const held = key === this.missing ? -1 : this.index.find(key)
    // When a value cannot be kept, the previous one must not stay either. An invalid size would corrupt the accounting.
    if (!(bytes <= this.entryBytesMax) || !(placement.valueBytes >= 0)) {
      if (held >= 0) this.remove(held)
      this.counts[placement.kind * COUNTS_STRIDE + COUNT.refused]!++
      return false
    }
    this.counts[placement.kind * COUNTS_STRIDE + COUNT.stores]!++
    if (held >= 0) this.replace(held, key, value, bytes, placement)
    else this.insert(key, value, bytes, placement)
    return true
  }

  /** Removes a key's entry, if there is one. */
  delete(key: PooledKey): boolean {
    const slot = this.index.find(key)
    if (slot < 0) return false
    this.drop(slot, COUNT.invalidated)
    return true
  }

  /** Looks at up to `slotsMax` slots, continuing where the last sweep ended; returns how many entries were removed. */
  sweep(nowMs: number, slotsMax: number): number {
    let removed = 0
    for (let looked = Math.min(slotsMax, this.touched); looked > 0; looked--) {
      if (this.swept >= this.touched) this.swept = 0
      const slot = this.swept++
      if (this.slots.references[slot * REFERENCES + NAME] === undefined) continue
      const isExpired = nowMs >= this.expiresMs(slot)
      if (!isExpired && this.isCurrent(slot)) continue
      this.drop(slot, isExpired ? COUNT.expired : COUNT.invalidated)
      removed++
    }
    return removed
  }

  /** Bytes that a tenant holds; 0 where there are no quotas. */
  tenantBytes(tenant: string): number {
    return this.tenants?.bytesOf(tenant) ?? 0
  }

  /** How many tenants hold something; 0 where there are no quotas. */
  get tenantsCount(): number {
    return this.tenants?.size ?? 0
  }

  /** Calls back for each valid entry, in the pool's own order. */
  forEach(nowMs: number, see: (key: string, value: unknown, uses: number) => void): void {
    for (let slot = 0; slot < this.touched; slot++) {
      const at = slot * REFERENCES
      const { references, flags } = this.slots
      const name = references[at + NAME] as string | undefined
      if (name === undefined || nowMs >= this.expiresMs(slot) || !this.isCurrent(slot)) continue
      const uses = (flags[slot]! & USES_MASK) + ((flags[slot]! & IN_MAIN) === 0 ? 0 : 1)
      see(`${references[at + SCOPE] as string}${name}`, references[at + VALUE], uses)
    }
  }

  private expiresMs(slot: number): number {
    return this.slots.floats[((slot * this.slots.stride) >>> 1) + EXPIRES]!
  }

  /** Whether nothing that the slot depends on was invalidated; notes the position up to which that is known. */
  private isCurrent(slot: number): boolean {
    const { floats, references, stride } = this.slots
    const at = ((slot * stride) >>> 1) + POSITION
    const places = references[slot * REFERENCES + PLACES] as readonly number[]
    if (!this.epochs.isCurrentSince(places, floats[at]!)) return false
    floats[at] = this.epochs.position()
    return true
  }

  private insert(key: PooledKey, value: unknown, bytes: number, placement: Placement): void {
    this.missing = undefined
    this.makeRoom(bytes, placement.tenant)
    const slot = this.takeSlot()
    const isReturning = this.ghosts?.take(key.hash) === true
    this.slots.words[slot * this.slots.stride + HASH] = key.hash
    this.slots.references[slot * REFERENCES + NAME] = key.name
    this.slots.references[slot * REFERENCES + SCOPE] = key.scope
    this.slots.flags[slot] = isReturning ? IN_MAIN : 0
    this.index.add(slot)
    this.fill(slot, value, bytes, placement)
    ;(isReturning ? this.main : this.small).push(slot, bytes)
  }

  private replace(
    slot: number,
    key: PooledKey,
    value: unknown,
    bytes: number,
    placement: Placement,
  ): void {
    const before = this.slots.words[slot * this.slots.stride + BYTES]!
    const isAlike =
      bytes === before && (this.tenants === undefined || this.tenantOf(slot) === placement.tenant)
    if (!isAlike) {
      this.remove(slot)
      this.insert(key, value, bytes, placement)
      return
    }
    this.uncount(slot, bytes)
    this.slots.references[slot * REFERENCES + VALUE] = value
    this.note(slot, bytes, placement)
  }

  private fill(slot: number, value: unknown, bytes: number, placement: Placement): void {
    const { words, stride } = this.slots
    this.slots.references[slot * REFERENCES + VALUE] = value
    words[slot * stride + BYTES] = bytes
    this.bytes += bytes
    this.note(slot, bytes, placement)
    if (this.tenants === undefined) return
    const share = this.tenants.open(placement.tenant)
    words[slot * stride + TENANT] = share.number
    this.tenants.charge(share, slot, bytes)
  }

  private note(slot: number, bytes: number, placement: Placement): void {
    const { slots } = this
    const at = (slot * slots.stride) >>> 1
    slots.kinds[slot] = placement.kind
    slots.references[slot * REFERENCES + PLACES] = placement.places
    slots.floats[at + EXPIRES] = placement.expiresMs
    slots.floats[at + POSITION] = placement.position
    this.counts[placement.kind * COUNTS_STRIDE + COUNT.entries]!++
    this.counts[placement.kind * COUNTS_STRIDE + COUNT.bytes]! += bytes
  }

  private uncount(slot: number, bytes: number): void {
    const at = this.slots.kinds[slot]! * COUNTS_STRIDE
    this.counts[at + COUNT.entries]!--
    this.counts[at + COUNT.bytes]! -= bytes
  }

  private tenantOf(slot: number): string {
    return this.tenants!.of(this.slots.words[slot * this.slots.stride + TENANT]!).name
  }

  /** Evicts until an entry of this many bytes fits. */
  private makeRoom(bytes: number, tenant: string): void {
    const { entriesMax, bytesMax } = this.limits
    while (this.small.count + this.main.count >= entriesMax || this.bytes + bytes > bytesMax) {
      const greedy = this.tenants === undefined ? undefined : this.tenants.greedy(tenant, bytes)
      if (greedy === undefined) this.evict()
      else this.evictFrom(greedy.slots)
    }
  }

  private evict(): void {
    const { small, main } = this
    const isSmallFull = small.count > this.smallEntriesMax || small.bytes > this.smallBytesMax
    if ((isSmallFull && small.count > 0) || main.count === 0) this.evictSmall()
    else this.evictMain()
  }

  /** Evicts from the small queue: used entries move to the main queue, and the first unused one is removed. */
  private evictSmall(): void {
    const { small, main } = this
    const { flags } = this.slots
    for (let slot = small.tail; slot >= 0; slot = small.tail) {
      if ((flags[slot]! & USES_MASK) === 0) {
        this.remember(this.slots.words[slot * this.slots.stride + HASH]!)
        this.drop(slot, COUNT.evictions)
        return
      }
      const bytes = this.slots.words[slot * this.slots.stride + BYTES]!
      small.remove(slot, bytes)
      flags[slot] = IN_MAIN
      main.push(slot, bytes)
    }
    this.evictMain()
  }

  /** Evicts from the main queue: each use earns an entry one more round, within bounds. */
  private evictMain(): void {
    const { main } = this
    const { flags } = this.slots
    for (let step = 0; step < ROUNDS_MAX; step++) {
      const slot = main.tail
      if ((flags[slot]! & USES_MASK) === 0) break
      flags[slot]!--
      main.rotate()
    }
    this.drop(main.tail, COUNT.evictions)
  }

  /** Notes that a hash left the small queue; it is remembered for as many departures as there are entries. */
  private remember(hash: number): void {
    if (this.ghosts === undefined || this.size > this.ghosts.length * 2) {
      this.ghosts = new Ghosts(this.size)
    }
    this.ghosts.add(hash)
  }

  /** Evicts from one tenant: its oldest unused entry, if a few steps find one. */
  private evictFrom(own: SlotQueue): void {
    for (let step = 0; step < ROUNDS_MAX; step++) {
      const slot = own.tail
      if ((this.slots.flags[slot]! & USES_MASK) === 0) break
      this.slots.flags[slot]!--
      own.rotate()
    }
    this.drop(own.tail, COUNT.evictions)
  }

  private drop(slot: number, reason: number): void {
    this.counts[this.slots.kinds[slot]! * COUNTS_STRIDE + reason]!++
    this.remove(slot)
  }

  private remove(slot: number): void {
    const { words, stride, references } = this.slots
    const bytes = words[slot * stride + BYTES]!
    this.index.remove(slot)
    ;((this.slots.flags[slot]! & IN_MAIN) === 0 ? this.small : this.main).remove(slot, bytes)
    this.tenants?.release(words[slot * stride + TENANT]!, slot, bytes)
    this.bytes -= bytes
    this.uncount(slot, bytes)
    const at = slot * REFERENCES
    references[at + NAME] = undefined
    references[at + SCOPE] = undefined
    references[at + VALUE] = undefined
    references[at + PLACES] = undefined
    words[slot * stride + QUEUE] = this.freed
    this.freed = slot
  }

  private takeSlot(): number {
    const { freed } = this
    if (freed >= 0) {
      this.freed = this.slots.words[freed * this.slots.stride + QUEUE]!
      return freed
    }
    if (this.touched === this.slots.capacity) this.slots.grow()
    return this.touched++
  }
}
