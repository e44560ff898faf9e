import type { TrafficEntry } from '../../ledger/index.ts'
import type { Report, WireViolation } from './messages.ts'
import type { WireTraffic } from './traffic-wire.ts'
import { encodeTraffic } from './traffic-wire.ts'

/** Sends the primary what a worker has seen. */
export interface ReportOutbox {
  /** Hands over one request for the audit log. Never blocks, never throws. */
  record(entry: TrafficEntry): void
  /** Counts requests that were dropped before they reached this outbox. */
  drop(count: number): void
  /** Hands over a refusal that may lead to a ban; sent with the current turn. */
  violation(violation: WireViolation): void
  /** The primary has processed this many more reports. */
  confirm(count: number): void
  /** Resolves when everything so far has been processed. */
  drain(): Promise<void>
}

/** What {@link createReportOutbox} needs. */
export interface ReportOutboxOptions {
  readonly send: (report: Report) => void
  /** Requests that may wait; more are dropped and counted. */
  readonly queueMax: number
  /** Longest time a request waits here before it is sent. */
  readonly intervalMs: number
}

/** The most requests in one report. */
const BATCH = 100
/** The most reports on their way at once: if the primary falls behind, the worker waits, then drops. */
const UNCONFIRMED_MAX = 64
const VIOLATIONS_MAX = 4096

/** Creates a {@link ReportOutbox}. */
export function createReportOutbox(options: ReportOutboxOptions): ReportOutbox {
  const { send, queueMax, intervalMs } = options
  let traffic: WireTraffic[] = []
  let violations: WireViolation[] = []
  let dropped = 0
  let unconfirmed = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let immediate = false
  let draining: (() => void)[] = []

  const isEmpty = (): boolean => traffic.length === 0 && violations.length === 0 && dropped === 0
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    let sent = 0
    while (!isEmpty() && unconfirmed < UNCONFIRMED_MAX) {
      unconfirmed += 1
      send({ traffic: traffic.slice(sent, sent + BATCH), dropped, violations })
      sent += BATCH
      dropped = 0
      violations = []
      if (sent >= traffic.length) {
        traffic = []
        sent = 0
      }
    }
    if (sent > 0) traffic = traffic.slice(sent)
  }
  const soon = (): void => {
    if (immediate) return
    immediate = true
    setImmediate(() => {
      immediate = false
      flush()
    })
  }

  return {
    record(entry) {
      if (traffic.length >= queueMax) {
        dropped += 1
        return
      }
      traffic.push(encodeTraffic(entry))
      if (traffic.length % BATCH === 0) soon()
      else timer ??= setTimeout(flush, intervalMs)
    },
    drop(count) {
      dropped += count
      timer ??= setTimeout(flush, intervalMs)
    },
    violation(violation) {
      if (violations.length >= VIOLATIONS_MAX) return
      violations.push(violation)
      soon()
    },
    confirm(count) {
      unconfirmed -= count
      if (!isEmpty() && (draining.length > 0 || traffic.length >= BATCH)) flush()
      else if (!isEmpty()) timer ??= setTimeout(flush, intervalMs)
      if (unconfirmed > 0 || !isEmpty()) return
      for (const resolve of draining) resolve()
      draining = []
    },
    async drain() {
      const { promise, resolve } = Promise.withResolvers<void>()
      draining.push(resolve)
      flush()
      if (unconfirmed === 0) resolve()
      return promise
    },
  }
}
