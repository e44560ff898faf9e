import type { Claim } from '../counters.ts'

/** Keeps calendars on disk. Without it nothing outlives the process. */
export interface Reservations {
  /** Called when a calendar claim is about to be granted and leaves `left` of the units reserved on disk. */
  used(claim: Claim, left: number, nowMs: number): void
}

/** The state of a calendar on disk: units that count as used until its window ends. */
export interface StoredUse {
  readonly used: number
  readonly endMs: number
}

/** The state of a calendar in memory, and how many of its units are reserved on disk. */
export interface CalendarUse extends StoredUse {
  readonly reserved: number
}
