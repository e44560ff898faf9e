/** Numbers of a slot, as 8-byte floats: when it expires, and the position up to which it is known to be current. */
export const EXPIRES = 0
export const POSITION = 1
/**
 * Words of a slot, after the floats: its hash, its bytes, the links of its queue, its tenant and the links of the
 * tenant's queue.
 */
export const HASH = 4
export const BYTES = 5
export const QUEUE = 6
export const TENANT = 8
export const TENANT_QUEUE = 9
const WORDS = 8
const WORDS_WITH_TENANTS = 12

/** References of a slot: the two halves of its key, its value, the places of its names. */
export const NAME = 0
export const SCOPE = 1
export const VALUE = 2
export const PLACES = 3
export const REFERENCES = 4

/**
 * Memory of slots: one buffer of numbers and one array of references, so that everything about an entry is in two or
 * three cache lines. It grows by doubling up to its capacity.
 */
export class Slots {
  words: Int32Array
  /** The same buffer as {@link words}. */
  floats: Float64Array
  /** Uses and queue; see the pool. */
  flags: Uint8Array
  kinds: Uint8Array
  readonly references: unknown[] = []
  /** How many words a slot has. */
  readonly stride: number
  /** How many slots there is memory for. */
  capacity: number
  private readonly capacityMax: number

  constructor(capacityMax: number, hasTenants: boolean) {
    this.capacityMax = capacityMax
    this.capacity = Math.min(capacityMax, SLOTS_FIRST)
    this.stride = hasTenants ? WORDS_WITH_TENANTS : WORDS
    const buffer = new ArrayBuffer(this.capacity * this.stride * 4)
    this.words = new Int32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.flags = new Uint8Array(this.capacity)
    this.kinds = new Uint8Array(this.capacity)
  }

  grow(): void {
    this.capacity = Math.min(this.capacity * 2, this.capacityMax)
    const { words, flags, kinds } = this
    const buffer = new ArrayBuffer(this.capacity * this.stride * 4)
    this.words = new Int32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.words.set(words)
    this.flags = new Uint8Array(this.capacity)
    this.flags.set(flags)
    this.kinds = new Uint8Array(this.capacity)
    this.kinds.set(kinds)
  }
}

const SLOTS_FIRST = 64
