import type { Random } from '../../core/random.ts'
import type { Name } from '../contract.ts'
import { createTextHash } from '../text-hash.ts'

/**
 * Remembers, in memory of fixed size, the position in some order at which each name was last invalidated. Each name has
 * two places, and counts as invalidated only if both say so (Bloom 1970). Names that share both also share a position,
 * which may cause a needless miss, but never a missed invalidation.
 */
export interface PositionTable {
  /** Notes an invalidation; `all` voids everything before. */
  note(name: Name, position: number): void
  /** Whether none of the names was invalidated after `since`. */
  isCurrentSince(names: readonly Name[], since: number): boolean
  /** Forgets everything; what was read before `floor` cannot be judged, and so is not current. */
  reset(floor: number): void
}

/** 2¹⁶ places of 8 bytes. */
const PLACES_BITS = 16

/** The second place is taken from a name's hash beginning at this bit. */
const SECOND_BIT = 16

/** Creates a {@link PositionTable} that knows of no invalidation. */
export function createPositionTable(random: Random, placesBits = PLACES_BITS): PositionTable {
  const hash = createTextHash(random)
  const positions = new Float64Array(2 ** placesBits)
  const mask = positions.length - 1
  let floor = 0
  const placeOf = ({ kind, name }: Name): number => hash(`${kind}:${name}`)
  const first = (place: number): number => place & mask
  const second = (place: number): number => (place >>> SECOND_BIT) & mask
  return {
    note(name, position) {
      if (name.kind === 'all') {
        floor = Math.max(floor, position)
        return
      }
      const place = placeOf(name)
      for (const at of [first(place), second(place)]) {
        if (positions[at]! < position) positions[at] = position
      }
    },
    isCurrentSince: (names, since) =>
      since >= floor &&
      names.every((name) => {
        const place = placeOf(name)
        return positions[first(place)]! <= since || positions[second(place)]! <= since
      }),
    reset(next) {
      positions.fill(0)
      floor = next
    },
  }
}
