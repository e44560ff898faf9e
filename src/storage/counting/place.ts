/**
 * Where a counter was found, in one number, for whoever keeps a hundred thousand of them: its slot in the lower 24
 * bits, and the serial of its subject in the 29 above. Slot -1 is no place.
 */
const SLOT_SIZE = 2 ** 24

/** @param serial 0 when not known */
export const placeOf = (slot: number, serial: number): number =>
  slot < 0 ? -1 : serial * SLOT_SIZE + slot

/** The serial in a place; 0 when none is known. */
export const serialIn = (place: number): number => (place / SLOT_SIZE) | 0

/** The slot in a place. */
export const slotIn = (place: number): number => (place - serialIn(place) * SLOT_SIZE) | 0
