import type { Random } from '../../core/random.ts'

/** The time between two requests for a bundle, in milliseconds. */
export interface Pace {
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

const FIRST_RETRY_MS = 500
const LONG_POLL_FLOOR_MS = 50
const JITTER = 0.5

/** The delay after an answer: random between the two, so that many gates do not ask at once. */
export const delayAfterAnswerMs = ({ minDelayMs, maxDelayMs }: Pace, random: Random): number =>
  minDelayMs + random.fraction() * (maxDelayMs - minDelayMs)

/** The delay after a failure: longer each time, up to the longest delay, with jitter. */
export function delayAfterFailureMs(pace: Pace, failures: number, random: Random): number {
  const steady = Math.min(pace.maxDelayMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30))
  return steady * (1 - JITTER * random.fraction())
}

/**
 * The delay after an answer to long polling: none, unless the server did not wait. A server that answers "nothing new"
 * immediately is asked at the usual pace.
 */
export function delayAfterLongPollMs(
  pace: Pace,
  answer: { readonly isNew: boolean; readonly tookMs: number; readonly waitMs: number },
  random: Random,
): number {
  const waited = answer.isNew || answer.tookMs >= answer.waitMs / 2
  return waited ? LONG_POLL_FLOOR_MS : delayAfterAnswerMs(pace, random)
}
