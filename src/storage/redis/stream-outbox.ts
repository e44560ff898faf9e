import { createDeferred, within } from './deferred.ts'
import { PUBLISH } from './stream-scripts.ts'
import type { StreamKeys } from './stream-reader.ts'
import type { StreamPosition } from './stream-wire.ts'
import { readPosition } from './stream-wire.ts'
import type { RedisArgument, RedisReply } from './driver.ts'

/** A message on its way into the stream. */
interface Waiting {
  readonly topic: string
  readonly payload: string
  readonly settled: Promise<StreamPosition>
  resolve(position: StreamPosition): void
  reject(error: Error): void
}

/** What {@link createOutbox} needs. */
export interface OutboxOptions {
  readonly keys: StreamKeys
  readonly self: string
  readonly newEra: () => string
  /** The approximate number of entries that the stream keeps. */
  readonly entriesMax: number
  /** How long a publisher waits at most; its message is retried after that. */
  readonly publishTimeoutMs: number
  /** The most messages that may wait; beyond that, all of them are replaced by one notice that messages were lost. */
  readonly waitingMax: number
  readonly send: (key: string, args: readonly RedisArgument[]) => Promise<RedisReply>
}

/** A message could not be delivered in time; it will be as soon as Redis answers. */
export class UntoldError extends Error {
  override readonly name = 'UntoldError'
}

/** The outcome of posting a message. */
export interface Posted {
  /** Resolves once it is in the stream, however long that takes; rejects if the stream closes. */
  readonly accepted: Promise<StreamPosition>
  /** The same, but rejects with an {@link UntoldError} if that takes too long; the message is still retried. */
  readonly inTime: Promise<StreamPosition>
}

/** Sends messages in order, and retries them until they have arrived. */
export interface Outbox {
  /** With `merge`, a message that equals one not yet under way is merged with it. */
  post(topic: string, payload: string, merge: boolean): Posted
  /** The number of waiting messages. */
  waiting(): number
  close(): void
}

/** The topic of the notice that messages were lost, so that receivers must forget what they remember. */
export const LOST_TOPIC = ''

const BATCH = 256
const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 250

/** Creates an {@link Outbox}. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { publishTimeoutMs, waitingMax } = options
  let queue: Waiting[] = []
  let isSending = false
  let underWay = 0
  const life = { isOpen: true }
  let wake: (() => void) | undefined

  const enqueue = (topic: string, payload: string): Waiting => {
    const { promise, resolve, reject } = createDeferred<StreamPosition>()
    promise.catch(() => undefined)
    const waiting = { topic, payload, settled: promise, resolve, reject }
    queue.push(waiting)
    return waiting
  }
  const loseAll = (): void => {
    const lost = queue
    queue = []
    const word = enqueue(LOST_TOPIC, '')
    for (const waiting of lost) word.settled.then(waiting.resolve, waiting.reject)
  }
  const drain = async (): Promise<void> => {
    let retryMs = RETRY_MS_MIN
    while (life.isOpen && queue.length > 0) {
      const batch = queue.splice(0, BATCH)
      underWay = batch.length
      try {
        const last = await sendBatch(options, batch)
        for (const [at, waiting] of batch.entries()) {
          waiting.resolve({ era: last.era, sequence: last.sequence - (batch.length - 1 - at) })
        }
        retryMs = RETRY_MS_MIN
        underWay = 0
      } catch {
        queue = [...batch, ...queue]
        underWay = 0
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, retryMs)
        })
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
      }
    }
    isSending = false
  }
  const start = (): void => {
    if (isSending) return
    isSending = true
    // Messages published in the same turn are sent together.
    queueMicrotask(() => void drain())
  }

  return {
    post(topic, payload, merge) {
      if (!life.isOpen) return closed()
      const known = merge
        ? queue.find((waiting) => waiting.topic === topic && waiting.payload === payload)
        : undefined
      if (known === undefined && queue.length >= waitingMax) loseAll()
      const waiting = known ?? enqueue(topic, payload)
      start()
      const inTime = within(waiting.settled, publishTimeoutMs, () => untold(publishTimeoutMs))
      inTime.catch(() => undefined)
      return { accepted: waiting.settled, inTime }
    },
    waiting: () => queue.length + underWay,
    close() {
      life.isOpen = false
      wake?.()
      for (const waiting of queue) waiting.reject(new Error('the stream is closed'))
      queue = []
    },
  }
}

function closed(): Posted {
  const refused = Promise.reject<StreamPosition>(new Error('the stream is closed'))
  refused.catch(() => undefined)
  return { accepted: refused, inTime: refused }
}

async function sendBatch(
  { keys, newEra, entriesMax, self, send }: OutboxOptions,
  batch: readonly Waiting[],
): Promise<StreamPosition> {
  const messages = batch.flatMap(({ topic, payload }) => [topic, payload])
  const head = ['EVAL', PUBLISH, '2', keys.stream, keys.state, newEra(), String(entriesMax), self]
  const position = readPosition(await send(keys.stream, [...head, ...messages]))
  if (position === undefined) throw new Error('the stream did not say where it stands')
  return position
}

const untold = (timeoutMs: number): UntoldError =>
  new UntoldError(
    `others could not be told within ${timeoutMs} ms; they will be once Redis answers`,
  )
