/**
 * Time, handed in. `nowMs` is wall-clock time (milliseconds since the Unix epoch) and may jump;
 * `monotonicMs` only moves forward and is for measuring durations.
 */
export interface Clock {
  nowMs(): number
  monotonicMs(): number
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** A clock that moves only when told to: for tests and replays. */
export interface ManualClock extends Clock {
  /** Moves both readings forward by `ms`. */
  advance(ms: number): void
  /** Sets the wall clock, as an administrator or NTP would; the monotonic reading stays. */
  setWall(ms: number): void
}

/** Creates a {@link ManualClock} that starts at `startMs` (default: 2026-01-01T00:00:00Z). */
export function createManualClock(startMs = 1_767_225_600_000): ManualClock {
  let wallMs = startMs
  let monotonicMs = 0
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    advance(ms) {
      wallMs += ms
      monotonicMs += ms
    },
    setWall(ms) {
      wallMs = ms
    },
  }
}
