import type { PooledKey } from '../keys/cache-key.ts'
import { SLOTS_MAX } from './slot-index.ts'

/** How much a pool may hold. */
export interface PoolLimits {
  readonly entriesMax: number
  /** Bytes of keys, values and the pool's own memory for them. */
  readonly bytesMax: number
  /**
   * Share of `bytesMax` and `entriesMax` that one tenant may hold once the pool is full and other tenants hold
   * something too; 1 means no quota.
   */
  readonly tenantShareMax: number
}

/** The bytes of a slot are stored in a 32-bit word. */
const BYTES_MAX = 2 ** 31 - 1

/**
 * The limits as a pool applies them: whole entries, and no more than it has slots for.
 *
 * @throws RangeError when one is negative or not a number
 */
export function checkedLimits(limits: PoolLimits): PoolLimits {
  const { entriesMax, bytesMax, tenantShareMax } = limits
  if (!(entriesMax >= 0 && bytesMax >= 0 && tenantShareMax >= 0)) {
    throw new RangeError('the limits of a pool are numbers of 0 or more')
  }
  return { ...limits, entriesMax: Math.min(Math.floor(entriesMax), SLOTS_MAX) }
}

/** How many bytes one entry may be charged for; -1 if the pool takes no entries. */
export const entryBytesMaxOf = ({ entriesMax, bytesMax, tenantShareMax }: PoolLimits): number =>
  entriesMax === 0 ? -1 : Math.min(bytesMax, bytesMax * tenantShareMax, BYTES_MAX)

/**
 * Bytes charged for an entry besides key and value: the slot, its references, its part of the index and of the ghosts
 * (84 to 95 without quotas, 100 to 111 with them, as `npm run bench:cache` measures), and the header of a string;
 * rounded up, because growing arrays are never quite full.
 */
export const ENTRY_BYTES = 160
/** A JavaScript engine may store a key with two bytes per character. */
const KEY_CHARACTER_BYTES = 2

/** Bytes that an entry is charged for. */
export const chargedBytes = (key: PooledKey, valueBytes: number): number =>
  ENTRY_BYTES + key.name.length * KEY_CHARACTER_BYTES + Math.ceil(valueBytes)
