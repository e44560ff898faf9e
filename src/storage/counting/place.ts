/**
 * Where a counter was found, in one number, because callers may keep a hundred thousand of them: its slot in the lower
 * 24 bits, and the serial of its subject in the 29 bits above. Slot -1 means no place.
 */
const SLOT_SIZE = 2 ** 24

/** @param serial 0 if not known */
export const placeOf = (slot: number, serial: number): number =>
  slot < 0 ? -1 : serial * SLOT_SIZE + slot

/** The serial in a place; 0 if none is known. */
export const serialIn = (place: number): number => (place / SLOT_SIZE) | 0

/** The slot in a place. */
export const slotIn = (place: number): number => (place - serialIn(place) * SLOT_SIZE) | 0
