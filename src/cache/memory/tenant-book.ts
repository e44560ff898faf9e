import { SlotQueue } from './slot-queue.ts'
import type { SlotLinks } from './slot-queue.ts'

/** What a tenant holds in a pool: its slots, oldest first, and their bytes. */
export interface TenantShare {
  readonly number: number
  readonly name: string
  readonly slots: SlotQueue
  isOver: boolean
}

/**
 * Which tenant holds how much of a pool. Slots refer to tenants by number; a tenant without entries is forgotten and
 * its number reused, so strangers cannot grow the book.
 *
 * Quotas apply only while there is somebody to protect: a single tenant may fill the pool, and tenants above their
 * quota are evicted first as soon as others need room.
 */
export class TenantBook {
  private readonly byName = new Map<string, TenantShare>()
  private readonly byNumber: (TenantShare | undefined)[] = []
  private readonly free: number[] = []
  private readonly links: SlotLinks
  private readonly offset: number
  private readonly bytesMax: number
  private readonly entriesMax: number
  /** Tenants above their quota: few, because together they hold no more than the pool. */
  private readonly over = new Set<TenantShare>()

  /**
   * @param offset offset of the two words of a slot that link it to others of its tenant
   * @param bytesMax the quota of each tenant in bytes
   * @param entriesMax the same in entries, because small entries fill a pool by their number
   */
  constructor(links: SlotLinks, offset: number, bytesMax: number, entriesMax: number) {
    this.links = links
    this.offset = offset
    this.bytesMax = bytesMax
    this.entriesMax = entriesMax
  }

  /** The share of a tenant; a new share is kept only once something is charged to it. */
  open(name: string): TenantShare {
    const known = this.byName.get(name)
    if (known !== undefined) return known
    const number = this.free.pop() ?? this.byNumber.length
    const slots = new SlotQueue(this.links, this.offset)
    const share: TenantShare = { number, name, slots, isOver: false }
    this.byNumber[number] = share
    this.byName.set(name, share)
    return share
  }

  of(number: number): TenantShare {
    return this.byNumber[number]!
  }

  /** Adds a slot to a tenant's share. */
  charge(share: TenantShare, slot: number, bytes: number): void {
    share.slots.push(slot, bytes)
    if (share.isOver || !this.isBeyond(share.slots)) return
    share.isOver = true
    this.over.add(share)
  }

  /**
   * The tenant to evict from when a full pool needs this many bytes for a tenant: the tenant itself if they take it
   * above its quota, otherwise another that is above its own; `undefined` if there is none, or if nobody else holds
   * anything.
   */
  greedy(tenant: string, bytes: number): TenantShare | undefined {
    const own = this.byName.get(tenant)
    if (own !== undefined) {
      const { slots } = own
      if (slots.bytes + bytes > this.bytesMax || slots.count >= this.entriesMax) {
        return this.byName.size > 1 ? own : undefined
      }
    }
    for (const share of this.over) return share
    return undefined
  }

  /** Removes a slot from a tenant's share, and forgets the tenant with its last slot. */
  release(number: number, slot: number, bytes: number): void {
    const share = this.byNumber[number]!
    share.slots.remove(slot, bytes)
    if (share.isOver && !this.isBeyond(share.slots)) {
      share.isOver = false
      this.over.delete(share)
    }
    if (share.slots.count > 0) return
    this.byName.delete(share.name)
    this.byNumber[number] = undefined
    this.free.push(number)
  }

  private isBeyond({ bytes, count }: SlotQueue): boolean {
    return bytes > this.bytesMax || count > this.entriesMax
  }

  get size(): number {
    return this.byName.size
  }

  /** Bytes that a tenant holds now. */
  bytesOf(name: string): number {
    return this.byName.get(name)?.slots.bytes ?? 0
  }
}
