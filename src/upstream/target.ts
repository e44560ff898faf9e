import type { Clock } from '../core/clock.ts'
import type { Breaker } from './breaker.ts'
import { createBreaker } from './breaker.ts'
import type { UpstreamConfig } from './config.ts'
import { createEjection } from './ejection.ts'
import type { UpstreamEvent } from './events.ts'
import type { HttpClient } from './http1/client.ts'
import { createHttpClient } from './http1/client.ts'
import type { OpenLink } from './http1/link.ts'
import type { ServerAddress } from './http1/types.ts'
import { createOutcomeWindow } from './outcome-window.ts'
import { lineEndOf } from './request-headers.ts'
import type { TargetStats } from './stats.ts'

/** One address of an upstream, and what is known about it. */
export interface Target {
  /** As configured. */
  readonly url: string
  readonly client: HttpClient
  /** Value of Host. */
  readonly host: string
  /** Request paths are appended to it. */
  readonly basePath: string
  readonly lineEnd: string
  readonly origin: string
  /** Path of the Unix socket, if it is one. */
  readonly unix: string | undefined
  readonly weight: number
  readonly inFlight: number
  /** Working value of the smooth weighted round robin. */
  credit: number
  /** Whether a request may be sent to it now. */
  isAvailable(nowMs: number): boolean
  /** Milliseconds until its breaker lets a request through. */
  waitMs(nowMs: number): number
  /** Takes a place; `false` if its breaker no longer lets the request through. */
  enter(nowMs: number): boolean
  /** Gives the place back and records the outcome of the request. */
  leave(outcome: 'good' | 'bad' | 'unknown', nowMs: number): void
  /** Records the verdict of its health checks. */
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
  readonly openLink?: OpenLink | undefined
}

/** The period that the reported share of failures covers. */
const RECENT_MS = 60_000

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
  const location = locationOf(entry.url)
  const client = createHttpClient({
    address: { ...location.address, tls: tlsOf(entry.url, config) },
    connectTimeoutMs: config.timeouts.connect,
    idleMax: config.inFlightMax,
    clock,
    openLink: options.openLink,
  })
  const recent = createOutcomeWindow(RECENT_MS)
  /** What health checks found; `undefined` before their first verdict and without any. */
  let checked: boolean | undefined
  let inFlight = 0
  let requests = 0
  let failures = 0
  let failuresInARow = 0
  let hasServed = false

  const isAvailable = (nowMs: number): boolean =>
    checked !== false && !ejection.isEjected(nowMs) && breaker.wouldEnter(nowMs)
  const isHealthy = (nowMs: number): boolean | null => {
    if (checked === false || ejection.isEjected(nowMs)) return false
    if (breaker.state(nowMs) !== 'closed') return false
    if (failuresInARow >= config.ejection.consecutiveFailures) return false
    return checked === true || hasServed ? true : null
  }
  return {
    client,
    host: location.host,
    basePath: location.basePath,
    lineEnd: lineEndOf(location.host),
    origin: location.origin,
    unix: location.address.unix,
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
      recent.add(nowMs, outcome === 'bad')
      if (outcome === 'good') {
        hasServed = true
        failuresInARow = 0
        ejection.succeeded(nowMs)
        return breaker.succeeded(nowMs)
      }
      failures++
      failuresInARow++
      const forMs = ejection.failed(nowMs, mayEject)
      if (forMs > 0) onEvent({ upstream, kind: 'target_ejected', target: entry.url, forMs })
      breaker.failed(nowMs)
    },
    setHealthy(now) {
      const before = checked
      checked = now
      // A first good verdict changes nothing: targets are used before it.
      if (now === (before ?? true)) return
      const kind = now ? 'target_healthy' : 'target_unhealthy'
      onEvent({ upstream, kind, target: entry.url })
    },
    stats() {
      const nowMs = clock.monotonicMs()
      const untilMs = ejection.untilMs(nowMs)
      const { total, failures: failed } = recent.sum(nowMs)
      return {
        url: entry.url,
        weight: entry.weight,
        available: isAvailable(nowMs),
        healthy: isHealthy(nowMs),
        ...(untilMs > 0 && { ejectedUntilMs: clock.nowMs() + untilMs - nowMs }),
        breaker: breaker.state(nowMs),
        inFlight,
        requests,
        failures,
        outcomesRecent: total,
        failureShare: total === 0 ? null : failed / total,
      }
    },
  }
}

interface Location {
  readonly address: Omit<ServerAddress, 'tls'>
  readonly host: string
  readonly basePath: string
  readonly origin: string
}

function locationOf(url: string): Location {
  if (url.startsWith('unix:')) {
    const address = { host: 'localhost', port: 80, unix: url.slice(5) }
    return { address, host: 'localhost', basePath: '', origin: 'http://localhost' }
  }
  const { origin, pathname, hostname, host, port, protocol } = new URL(url)
  return {
    address: {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      unix: undefined,
    },
    host,
    basePath: pathname.replace(/\/+$/, ''),
    origin,
  }
}

function tlsOf(url: string, config: UpstreamConfig): ServerAddress['tls'] {
  if (!/^https:/i.test(url)) return undefined
  return config.tls ?? { rejectUnauthorized: true }
}
