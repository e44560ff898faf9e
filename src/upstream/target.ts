import type { Clock } from '../core/clock.ts'
import type { Breaker } from './breaker.ts'
import { createBreaker } from './breaker.ts'
import type { UpstreamConfig } from './config.ts'
import { createEjection } from './ejection.ts'
import type { UpstreamEvent } from './events.ts'
import type { TargetStats } from './stats.ts'

/** One address of an upstream, and what is known about it. */
export interface Target {
  /** As configured. */
  readonly url: string
  /** What paths are appended to. */
  readonly base: string
  readonly origin: string
  /** Path of the Unix socket, when it is one. */
  readonly unix: string | undefined
  readonly weight: number
  readonly inFlight: number
  /** Working value of the smooth weighted round robin. */
  credit: number
  /** Whether a request may be sent to it now. */
  isAvailable(nowMs: number): boolean
  /** Milliseconds until its breaker lets a request through. */
  waitMs(nowMs: number): number
  /** Takes a place; `false` when its breaker has changed its mind. */
  enter(nowMs: number): boolean
  /** Gives the place back and notes what became of the request. */
  leave(outcome: 'good' | 'bad' | 'unknown', nowMs: number): void
  setHealthy(healthy: boolean): void
  stats(): TargetStats
}

/** What a target needs from around it. */
export interface TargetOptions {
  readonly upstream: string
  readonly config: UpstreamConfig
  readonly clock: Clock
  /** Whether one more target may be ejected. */
  readonly mayEject: () => boolean
  readonly onEvent: (event: UpstreamEvent) => void
}

/** Creates a {@link Target} for an entry of the configuration. */
export function createTarget(
  entry: { readonly url: string; readonly weight: number },
  options: TargetOptions,
): Target {
  const { upstream, config, clock, onEvent, mayEject } = options
  const breaker: Breaker = createBreaker(config.breaker, (state) =>
    onEvent({ upstream, kind: 'breaker', target: entry.url, state }),
  )
  const ejection = createEjection(config.ejection)
  const address = addressOf(entry.url)
  let healthy = true
  let inFlight = 0
  let requests = 0
  let failures = 0

  const isAvailable = (nowMs: number): boolean =>
    healthy && !ejection.isEjected(nowMs) && breaker.wouldEnter(nowMs)
  return {
    ...address,
    url: entry.url,
    weight: entry.weight,
    credit: 0,
    get inFlight() {
      return inFlight
    },
    isAvailable,
    waitMs: (nowMs) => breaker.waitMs(nowMs),
    enter(nowMs) {
      if (!breaker.enter(nowMs)) return false
      inFlight++
      requests++
      return true
    },
    leave(outcome, nowMs) {
      inFlight--
      if (outcome === 'unknown') return breaker.abandoned()
      if (outcome === 'good') {
        ejection.succeeded(nowMs)
        return breaker.succeeded(nowMs)
      }
      failures++
      const forMs = ejection.failed(nowMs, mayEject)
      if (forMs > 0) onEvent({ upstream, kind: 'target_ejected', target: entry.url, forMs })
      breaker.failed(nowMs)
    },
    setHealthy(now) {
      if (now === healthy) return
      healthy = now
      const kind = now ? 'target_healthy' : 'target_unhealthy'
      onEvent({ upstream, kind, target: entry.url })
    },
    stats() {
      const nowMs = clock.monotonicMs()
      const untilMs = ejection.untilMs(nowMs)
      return {
        url: entry.url,
        weight: entry.weight,
        available: isAvailable(nowMs),
        healthy,
        ...(untilMs > 0 && { ejectedUntilMs: clock.nowMs() + untilMs - nowMs }),
        breaker: breaker.state(nowMs),
        inFlight,
        requests,
        failures,
      }
    },
  }
}

function addressOf(url: string): Pick<Target, 'base' | 'origin' | 'unix'> {
  if (url.startsWith('unix:')) {
    return { base: 'http://localhost', origin: 'http://localhost', unix: url.slice(5) }
  }
  const { origin, pathname } = new URL(url)
  return { base: origin + pathname.replace(/\/+$/, ''), origin, unix: undefined }
}
