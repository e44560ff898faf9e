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
 * Who holds how much of a pool. Numbers stand for tenants in the slots; a tenant without entries is
 * forgotten and its number given to another, so strangers cannot grow the book.
 *
 * Quotas bind while there is somebody to protect: a tenant alone may fill the pool, and one beyond its quota
 * gives way first as soon as others want room.
 */
export class TenantBook {
  private readonly byName = new Map<string, TenantShare>()
  private readonly byNumber: (TenantShare | undefined)[] = []
  private readonly free: number[] = []
  private readonly links: SlotLinks
  private readonly offset: number
  private readonly bytesMax: number
  private readonly entriesMax: number
  /** Those beyond their quota: few, for together they hold no more than the pool. */
  private readonly over = new Set<TenantShare>()

  /**
   * @param offset of the two words of a slot that link it to others of its tenant
   * @param bytesMax the quota of each
   * @param entriesMax the same, for small entries fill a pool by their number
   */
  constructor(links: SlotLinks, offset: number, bytesMax: number, entriesMax: number) {
    this.links = links
    this.offset = offset
    this.bytesMax = bytesMax
    this.entriesMax = entriesMax
  }

  /** The share of a tenant; a new one is only kept once something is charged to it. */
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

  /** Puts a slot on a tenant's share. */
  charge(share: TenantShare, slot: number, bytes: number): void {
    share.slots.push(slot, bytes)
    if (share.isOver || !this.isBeyond(share.slots)) return
    share.isOver = true
    this.over.add(share)
  }

  /**
   * Who has to give way in a full pool for so many bytes of a tenant: itself when they take it beyond its
   * quota, else one that is beyond its own; `undefined` when none is, and where nobody else holds anything.
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

  /** Takes a slot off a tenant's share, and forgets the tenant with its last slot. */
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
