import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import { messageOf } from '../../core/error-message.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import type { PolicySources } from '../bundle/sources.ts'
import type { RemoteBundleConfig } from './config.ts'
import type { BundleReading } from './delta.ts'
import { readAnswer } from './delta.ts'
import type { BundleAnswer } from './fetch-bundle.ts'
import { FetchError, fetchBundle } from './fetch-bundle.ts'
import type { Pace } from './schedule.ts'
import { delayAfterAnswerMs, delayAfterFailureMs, delayAfterLongPollMs } from './schedule.ts'
import type { BundleShelf } from './shelf.ts'

/** The status of a remote bundle. */
export interface SubscriptionStatus {
  /** When the server last answered with a bundle or with "nothing new"; milliseconds since the epoch. */
  readonly checkedAtMs: number | undefined
  /** Why the latest attempt failed; the bundle in force stays. */
  readonly failure: string | undefined
  readonly failures: number
  readonly etag: string | undefined
}

/** A bundle from a server, kept up to date. */
export interface Subscription {
  /** The newest good bundle on the shelf, read without asking the server. */
  restore(): PolicySources | undefined
  /** Says that the restored bundle cannot be used, so that the next request asks for a whole one. */
  forget(): void
  /** Starts polling the server. */
  start(): void
  status(): SubscriptionStatus
  close(): Promise<void>
}

/** What a subscription needs. */
export interface SubscriptionOptions {
  /** Name of the bundle on the shelf. */
  readonly name: string
  readonly config: RemoteBundleConfig
  readonly shelf: BundleShelf
  readonly clock: Clock
  readonly random: Random
  /** Puts a bundle in force; returns what is wrong with it, in which case nothing has changed. */
  readonly offer: (sources: PolicySources) => string | undefined
  /** Called when an attempt fails for the first time, and whenever the reason changes. */
  readonly onFailure: (failure: string) => void
}

/** After this many deltas in a row, the next bundle is requested whole. */
const DELTAS_MAX = 64

const FILES_MAX = 10_000

/** Creates a {@link Subscription}. */
export function createSubscription(options: SubscriptionOptions): Subscription {
  const { name, config, shelf, clock, random } = options
  const pace: Pace = { minDelayMs: config.minDelay, maxDelayMs: config.maxDelay }
  const reading: BundleReading = {
    limits: { unpackedBytesMax: config.unpackedMax, filesMax: FILES_MAX },
    verification: config.verify,
  }
  const stopped = new AbortController()
  let held: { sources: PolicySources; archives: readonly Uint8Array[] } | undefined
  let etag: string | undefined
  let waits = config.longPolling !== undefined
  let status = { checkedAtMs: undefined, failure: undefined, failures: 0 } as Omit<
    SubscriptionStatus,
    'etag'
  >
  let timer: ReturnType<typeof setTimeout> | undefined
  let round: Promise<void> = Promise.resolve()

  const take = async (answer: Extract<BundleAnswer, { kind: 'new' }>): Promise<void> => {
    const { kind, sources } = readAnswer(answer.archive, held?.sources, reading)
    const problem = options.offer(sources)
    if (problem !== undefined) throw new BundleError(problem)
    const archives =
      kind === 'delta' ? [...(held?.archives ?? []), answer.archive] : [answer.archive]
    held = { sources, archives }
    etag = answer.etag
    try {
      await shelf.save(name, { url: config.url, etag, fetchedAtMs: clock.nowMs(), archives })
    } catch (error) {
      // Fetch it again next time, so that it is kept once that is possible.
      etag = undefined
      throw error
    }
  }

  const ask = async (): Promise<number> => {
    const startMs = clock.monotonicMs()
    const isLong = (held?.archives.length ?? 0) > DELTAS_MAX
    const answer = await fetchBundle(config, {
      etag: isLong ? undefined : etag,
      takesDelta: held !== undefined && !isLong,
      waits,
      signal: stopped.signal,
    })
    if (answer.kind === 'new') await take(answer)
    status = { checkedAtMs: clock.nowMs(), failure: undefined, failures: 0 }
    waits = config.longPolling !== undefined && answer.waits
    if (!waits) return delayAfterAnswerMs(pace, random)
    const tookMs = clock.monotonicMs() - startMs
    const isNew = answer.kind === 'new'
    return delayAfterLongPollMs(pace, { isNew, tookMs, waitMs: config.longPolling ?? 0 }, random)
  }

  const fail = (error: unknown): number => {
    const failure =
      error instanceof FetchError || error instanceof BundleError
        ? error.message
        : `the bundle could not be kept: ${messageOf(error)}`
    if (failure !== status.failure) options.onFailure(failure)
    status = { ...status, failure, failures: status.failures + 1 }
    // If a long poll failed, the next request is a plain one.
    waits = config.longPolling !== undefined
    return delayAfterFailureMs(pace, status.failures, random)
  }

  const goRound = async (): Promise<void> => {
    let delayMs: number
    try {
      delayMs = await ask()
    } catch (error) {
      if (stopped.signal.aborted) return
      delayMs = fail(error)
    }
    next(delayMs)
  }
  const next = (delayMs: number): void => {
    if (stopped.signal.aborted) return
    timer = setTimeout(() => {
      round = goRound()
    }, delayMs)
    timer.unref()
  }

  return {
    restore() {
      const kept = shelf.load(name)
      if (kept === undefined || kept.url !== config.url) return undefined
      let sources: PolicySources | undefined
      try {
        for (const archive of kept.archives) sources = readAnswer(archive, sources, reading).sources
      } catch (error) {
        // The current configuration may not allow the bundle that was kept.
        if (error instanceof BundleError) return undefined
        throw error
      }
      if (sources === undefined) return undefined
      held = { sources, archives: kept.archives }
      ;({ etag } = kept)
      return sources
    },
    forget() {
      held = undefined
      etag = undefined
    },
    start: () => next(0),
    status: () => ({ ...status, etag }),
    async close() {
      stopped.abort()
      clearTimeout(timer)
      await round
    },
  }
}
