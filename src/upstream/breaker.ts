import type { UpstreamConfig } from './config.ts'
import type { BreakerState } from './events.ts'
import { createOutcomeWindow } from './outcome-window.ts'

/**
 * A circuit breaker: it opens when too many of the recent outcomes were failures, lets a few requests
 * through after a while, and closes again when those succeed.
 */
export interface Breaker {
  state(nowMs: number): BreakerState
  /** Whether a request may be sent now; a `true` in half-open takes one of the probe places. */
  enter(nowMs: number): boolean
  /** As {@link Breaker.enter}, without taking a place. */
  wouldEnter(nowMs: number): boolean
  succeeded(nowMs: number): void
  failed(nowMs: number): void
  /** The request ended without an outcome (the client went away). */
  abandoned(): void
  /** Milliseconds until it lets a request through; 0 if it does so now. */
  waitMs(nowMs: number): number
}

/** The settings of a breaker, or `false` for one that never opens. */
export type BreakerConfig = UpstreamConfig['breaker']

/** Creates a {@link Breaker}; `onChange` is called with each new state. */
export function createBreaker(
  config: BreakerConfig,
  onChange: (state: BreakerState) => void,
): Breaker {
  return config === false ? alwaysClosed : createWindowBreaker(config, onChange)
}

const alwaysClosed: Breaker = {
  state: () => 'closed',
  enter: () => true,
  wouldEnter: () => true,
  succeeded: () => {},
  failed: () => {},
  abandoned: () => {},
  waitMs: () => 0,
}

function createWindowBreaker(
  config: Exclude<BreakerConfig, false>,
  onChange: (state: BreakerState) => void,
): Breaker {
  const outcomes = createOutcomeWindow(config.window)
  let state: BreakerState = 'closed'
  let openedAtMs = 0
  let probing = 0
  let good = 0

  const become = (next: BreakerState): void => {
    state = next
    probing = 0
    good = 0
    onChange(next)
  }
  const open = (nowMs: number): void => {
    openedAtMs = nowMs
    become('open')
  }
  const settle = (nowMs: number): void => {
    if (state === 'open' && nowMs - openedAtMs >= config.open) become('half-open')
  }
  const wouldEnter = (nowMs: number): boolean => {
    settle(nowMs)
    return state === 'closed' || (state === 'half-open' && probing + good < config.probes)
  }
  return {
    wouldEnter,
    state(nowMs) {
      settle(nowMs)
      return state
    },
    enter(nowMs) {
      if (!wouldEnter(nowMs)) return false
      if (state === 'half-open') probing++
      return true
    },
    succeeded(nowMs) {
      if (state === 'closed') return outcomes.add(nowMs, false)
      if (state !== 'half-open') return
      probing = Math.max(0, probing - 1)
      if (++good < config.probes) return
      outcomes.clear()
      become('closed')
    },
    failed(nowMs) {
      if (state === 'half-open') return open(nowMs)
      if (state !== 'closed') return
      outcomes.add(nowMs, true)
      const { total, failures } = outcomes.sum(nowMs)
      if (total >= config.requestsMin && failures / total >= config.failureRatio) open(nowMs)
    },
    abandoned() {
      if (state === 'half-open') probing = Math.max(0, probing - 1)
    },
    waitMs: (nowMs) => (state === 'open' ? Math.max(0, openedAtMs + config.open - nowMs) : 0),
  }
}
