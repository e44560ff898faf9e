import type { Clock } from '../core/clock.ts'
import type { Deadlines, Watch } from './deadlines.ts'
import type { Failure } from './failure.ts'
import { classifyError } from './failure.ts'
import type { ForwardRequest, Timeouts } from './forward-request.ts'

/** One try under its deadlines, and the way to end it early. */
export interface Exchange {
  readonly signal: AbortSignal
  /** Expects the head of the response within the first-byte time, counted from now. */
  awaitHead(): void
  /** Expects a part of the body within the idle time, counted from now. */
  awaitBody(): void
  /** Expects nothing for now; only the total deadline goes on. */
  rest(): void
  /** Says why the try ended: by a deadline, by the client, or by `error`. */
  failure(error: unknown): Failure
  /** Stops watching. */
  end(): void
  /** Stops the try itself. */
  abort(): void
}

/** Starts watching one try of a request. */
export function startExchange(
  request: ForwardRequest,
  timeouts: Timeouts,
  totalAtMs: number,
  clock: Clock,
  deadlines: Deadlines,
): Exchange {
  const controller = new AbortController()
  const client = request.signal
  let clientGone = false
  const abort = (): void => controller.abort()
  const onClientGone = (): void => {
    clientGone = true
    abort()
  }
  const watch: Watch = {
    phase: 'first_byte',
    phaseAtMs: clock.monotonicMs() + timeouts.firstByteMs,
    totalAtMs,
    expired: undefined,
    expire: abort,
  }
  deadlines.add(watch)
  client?.addEventListener('abort', onClientGone)
  return {
    signal: controller.signal,
    abort,
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
      if (watch.expired !== undefined)
        return { kind: 'timeout', cause: `${watch.expired} deadline` }
      if (clientGone) return { kind: 'aborted', cause: 'the client went away' }
      return classifyError(error)
    },
    end() {
      deadlines.remove(watch)
      client?.removeEventListener('abort', onClientGone)
    },
  }
}
