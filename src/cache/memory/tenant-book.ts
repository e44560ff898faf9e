import { SlotQueue } from './slot-queue.ts'
import type { SlotLinks } from './slot-queue.ts'

/** What a tenant holds in a pool: its slots, oldest first, and their bytes. */
export interface TenantShare {
  readonly number: number
  readonly name: string
  readonly slots: SlotQueue
}

/**
 * Who holds how much of a pool. Numbers stand for tenants in the slots; a tenant without entries is
 * forgotten and its number given to another, so strangers cannot grow the book.
 */
export class TenantBook {
  private readonly byName = new Map<string, TenantShare>()
  private readonly byNumber: (TenantShare | undefined)[] = []
  private readonly free: number[] = []
  private readonly links: SlotLinks
  private readonly offset: number

  /** @param offset of the two words of a slot that link it to others of its tenant */
  constructor(links: SlotLinks, offset: number) {
    this.links = links
    this.offset = offset
  }

  /** The share of a tenant; a new one is only kept once something is charged to it. */
  open(name: string): TenantShare {
    const known = this.byName.get(name)
    if (known !== undefined) return known
    const number = this.free.pop() ?? this.byNumber.length
    const share = { number, name, slots: new SlotQueue(this.links, this.offset) }
    this.byNumber[number] = share
    this.byName.set(name, share)
    return share
  }

  of(number: number): TenantShare {
    return this.byNumber[number]!
  }

  /** Takes a slot off a tenant's share, and forgets the tenant with its last slot. */
  release(number: number, slot: number, bytes: number): void {
    const share = this.byNumber[number]!
    share.slots.remove(slot, bytes)
    if (share.slots.count > 0) return
    this.byName.delete(share.name)
    this.byNumber[number] = undefined
    this.free.push(number)
  }

  get size(): number {
    return this.byName.size
  }

  /** Bytes that a tenant holds now. */
  bytesOf(name: string): number {
    return this.byName.get(name)?.slots.bytes ?? 0
  }
}
