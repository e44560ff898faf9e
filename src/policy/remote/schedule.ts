import type { Random } from '../../core/random.ts'

/** The time between two requests for a bundle, in milliseconds. */
export interface Pace {
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

const FIRST_RETRY_MS = 500
const LONG_POLL_FLOOR_MS = 50
const JITTER = 0.5

/** After an answer: anywhere between the two, so that many gates do not ask at once. */
export const delayAfterAnswerMs = ({ minDelayMs, maxDelayMs }: Pace, random: Random): number =>
  minDelayMs + random.fraction() * (maxDelayMs - minDelayMs)

/** After a failure: longer each time, up to the longest delay, with jitter. */
export function delayAfterFailureMs(pace: Pace, failures: number, random: Random): number {
  const steady = Math.min(pace.maxDelayMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30))
  return steady * (1 - JITTER * random.fraction())
}

/**
 * After an answer of a server that waits for news: at once, unless it did not wait. One that answers
 * "nothing new" straight away is asked at the usual pace.
 */
export function delayAfterLongPollMs(
  pace: Pace,
  answer: { readonly isNew: boolean; readonly tookMs: number; readonly waitMs: number },
  random: Random,
): number {
  const waited = answer.isNew || answer.tookMs >= answer.waitMs / 2
  return waited ? LONG_POLL_FLOOR_MS : delayAfterAnswerMs(pace, random)
}
