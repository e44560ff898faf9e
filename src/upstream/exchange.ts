import type { Clock } from '../core/clock.ts'
import type { Deadlines, Watch } from './deadlines.ts'
import type { Failure } from './failure.ts'
import { CLIENT_GONE, classifyError } from './failure.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'

/** One try under its deadlines. */
export interface Exchange {
  /** Expects the head of the response within the first-byte time, counted from now. */
  readonly awaitHead: () => void
  /** Expects a part of the body within the idle time, counted from now. */
  readonly awaitBody: () => void
  /** Expects nothing for now; only the total deadline goes on. */
  readonly rest: () => void
  /** Says why the try ended: by a deadline, by the client, or by `error`. */
  readonly failure: (error: unknown) => Failure
  /** Stops watching. */
  readonly end: () => void
}

/** Starts watching one try of a request; `abort` ends it. */
export function startExchange(
  request: ForwardRequest,
  timeouts: Timeouts,
  totalAtMs: number,
  world: { readonly clock: Clock; readonly deadlines: Deadlines },
  abort: () => void,
): Exchange {
  const { clock, deadlines } = world
  const watch: Watch = {
    phase: 'first_byte',
    phaseAtMs: clock.monotonicMs() + timeouts.firstByteMs,
    totalAtMs,
    client: request.signal,
    ended: undefined,
    end: abort,
  }
  deadlines.add(watch)
  return {
    awaitHead() {
      watch.phaseAtMs = clock.monotonicMs() + timeouts.firstByteMs
    },
    awaitBody() {
      watch.phase = 'idle'
      watch.phaseAtMs = clock.monotonicMs() + timeouts.idleMs
    },
    rest() {
      watch.phaseAtMs = Infinity
    },
    failure(error) {
      if (watch.ended === 'client_gone') return CLIENT_GONE
      if (watch.ended !== undefined) return { kind: 'timeout', cause: `${watch.ended} deadline` }
      return classifyError(error)
    },
    end() {
      deadlines.remove(watch)
    },
  }
}
