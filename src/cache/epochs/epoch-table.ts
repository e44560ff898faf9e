import type { Random } from '../../core/random.ts'
import type { EpochTable, NameKind } from '../contract.ts'
import { createTextHash } from '../text-hash.ts'

/** By default 2¹⁷ places, one mebibyte: a thousand invalidations then void 0.02 % of other names needlessly. */
const EPOCH_PLACES_BITS = 17

/** The second place is taken from the hash beginning at this bit, so that it shares only two bits with the first. */
const SECOND_BIT = 15

/** Mixed into a name's hash, so that the tag `a` and the tenant `a` stand in different places. */
const KIND_MIX: Readonly<Record<NameKind, number>> = {
  key: 0x2545f491,
  tag: 0x3c6ef372,
  tenant: 0x510e527f,
  prefix: 0x68bc21eb,
  policy: 0x7f4a7c15,
  all: 0x1b873593,
}

/**
 * Creates an {@link EpochTable}. Each name has two places, taken from different bits of its hash, and counts as
 * invalidated only if both say so (Bloom 1970), so names that share one place do not disturb each other. `all` is a
 * floor under every place, so it costs as little as a tag.
 *
 * @param random seeds the places of names
 * @param placesBits the table has `2 ** placesBits` places of 8 bytes and never grows
 */
export function createEpochTable(random: Random, placesBits = EPOCH_PLACES_BITS): EpochTable {
  if (!Number.isInteger(placesBits) || placesBits < 4 || placesBits > 24) {
    throw new RangeError(`an epoch table has between 2^4 and 2^24 places, not 2^${placesBits}`)
  }
  const hash = createTextHash(random)
  const epochs = new Float64Array(2 ** placesBits)
  const mask = epochs.length - 1
  let position = 0
  let floor = 0

  const place = (kind: NameKind, name: string): number => {
    const mixed = Math.imul(hash(name) ^ KIND_MIX[kind], 0x9e3779b1)
    return mixed ^ (mixed >>> 15)
  }
  const first = (place: number): number => place & mask
  const second = (place: number): number => (place >>> SECOND_BIT) & mask
  const isCurrentSince = (places: readonly number[], since: number): boolean => {
    if (since === position) return true
    if (since < floor) return false
    for (let at = 0; at < places.length; at++) {
      const place = places[at]!
      if (epochs[first(place)]! > since && epochs[second(place)]! > since) return false
    }
    return true
  }

  return {
    position: () => position,
    place,
    bump(kind, name) {
      position++
      if (kind === 'all') floor = position
      else {
        const at = place(kind, name)
        epochs[first(at)] = position
        epochs[second(at)] = position
      }
      return position
    },
    isCurrentSince,
    capture: (names) => ({ position, places: names.map(({ kind, name }) => place(kind, name)) }),
    isCurrent: (stamp) => isCurrentSince(stamp.places, stamp.position),
  }
}
