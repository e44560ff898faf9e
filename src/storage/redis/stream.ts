import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import { messageOf } from '../../core/error-message.ts'
import { momentOf } from '../moment.ts'
import { watchLiveness } from './liveness.ts'
import type { Redis } from './redis.ts'
import type { Posted } from './stream-outbox.ts'
import { createOutbox, LOST_TOPIC } from './stream-outbox.ts'
import type { StreamCursor } from './stream-reader.ts'
import { readStream } from './stream-reader.ts'
import type { StreamEntry, StreamPosition, StreamSnapshot } from './stream-wire.ts'

/** A listener of a stream; calls are in order. Listeners must not throw. */
export interface StreamListener {
  /** The next entry, including own ones. */
  onEntry(entry: StreamEntry): void
  /**
   * Messages may have been lost. What is known from now on is the position and the entries that lead up to it without a
   * gap, oldest first, as far back as the stream keeps them.
   */
  onGap(snapshot: StreamSnapshot, reason: string): void
  /** Nothing can be received; called repeatedly while this lasts. */
  onSilence(reason: string): void
  /** Everything that is published is received again. */
  onLive(): void
}

/** Counts since the start, and the current state. */
export interface StreamStats {
  readonly published: number
  readonly heard: number
  readonly gaps: number
  readonly silences: number
  /** Messages that wait until Redis accepts them. */
  readonly waiting: number
  readonly isLive: boolean
}

/**
 * A numbered stream of small messages between instances. A listener either receives everything that was published up to
 * a moment ago, in order, or is told that it does not.
 */
export interface RedisStream {
  /** The sender name of own entries. */
  readonly self: string
  /** Sends a message. With `merge`, it is merged with an equal one that is not yet under way. */
  post(topic: string, payload: string, merge?: boolean): Posted
  /**
   * A listener that subscribes in the turn that opens the stream receives everything; a later one is told of a gap
   * first.
   */
  subscribe(listener: StreamListener): () => void
  /** The last position received; `undefined` before the first. */
  position(): StreamPosition | undefined
  /** Whether everything published more than `silenceMs` ago has been received, judged by the clock at this moment. */
  isLive(): boolean
  /**
   * The same; if not, listeners have been told of the silence by the time this returns. Call it before deciding by what
   * is remembered.
   */
  checkLive(): boolean
  stats(): StreamStats
  close(): Promise<void>
}

/** The options of a stream. */
export interface RedisStreamOptions {
  readonly redis: Redis
  readonly clock: Clock
  readonly random: Random
  /** Name of the stream. */
  readonly name: string
  /** After this long without proof that everything was received, silence is declared. */
  readonly silenceMs: number
  /** The approximate number of entries that the stream keeps. */
  readonly entriesMax: number
  /** The longest time that a publisher waits for Redis. */
  readonly publishTimeoutMs: number
}

/** The defaults of {@link RedisStreamOptions}. */
export const STREAM_DEFAULTS = {
  silenceMs: 500,
  entriesMax: 16_384,
  publishTimeoutMs: 1000,
} as const satisfies Partial<RedisStreamOptions>

const WAITING_MAX = 10_000
const RECONNECT_MS_MIN = 20
const RECONNECT_MS_MAX = 200

/** Opens a stream, and starts reading at once. */
export function openRedisStream(options: RedisStreamOptions): RedisStream {
  const { redis, clock, random, name, silenceMs, publishTimeoutMs, entriesMax } = options
  // Braces keep both keys on one node of a Cluster.
  const base = `${redis.prefix}:{${name}}`
  const keys = { stream: `${base}:stream`, state: `${base}:state` }
  const newEra = (): string => toHex(random.bytes(8))
  const self = toHex(random.bytes(8))
  const listeners = new Set<StreamListener>()
  const counts = { published: 0, heard: 0, gaps: 0 }
  const tell = (say: (listener: StreamListener) => void): void => {
    for (const listener of listeners) say(listener)
  }
  const timeoutMs = Math.max(50, silenceMs / 2)
  const loop = { isOpen: true, reason: 'not connected yet' }
  const liveness = watchLiveness({
    clock,
    silenceMs,
    onSilence: () => tell((listener) => listener.onSilence(loop.reason)),
    onLive: () => tell((listener) => listener.onLive()),
  })
  const gap = (snapshot: StreamSnapshot, why: string): void => {
    counts.gaps += 1
    tell((listener) => listener.onGap(snapshot, why))
  }
  let cursor: StreamCursor | undefined
  const reading = {
    keys,
    now: () => momentOf(clock),
    newEra,
    blockMs: Math.max(10, Math.floor(silenceMs / 4)),
    timeoutMs,
    replayMax: entriesMax,
    isOpen: () => loop.isOpen,
    hearer: {
      entry(entry: StreamEntry) {
        counts.heard += 1
        // A publisher had to drop messages: it is unknown which.
        if (entry.topic === LOST_TOPIC) gap({ position: entry.position, entries: [] }, 'lost')
        else tell((listener) => listener.onEntry(entry))
      },
      restart: gap,
      upToDate: liveness.proven,
    },
  }
  const ended = keepReading(loop, clock, async () => {
    // A command that is routed by key makes the client notice changes of a Cluster.
    await redis.send(keys.stream, ['EXISTS', keys.stream], timeoutMs)
    const connection = await redis.dedicate(keys.stream)
    // Earlier errors no longer apply.
    loop.reason = 'nothing came in time'
    const moved = (next: StreamCursor): void => {
      cursor = next
    }
    await readStream(connection, cursor, reading, moved).finally(connection.close)
  })
  const outbox = createOutbox({
    keys,
    self,
    newEra,
    entriesMax,
    publishTimeoutMs,
    waitingMax: WAITING_MAX,
    send: async (key, args) => redis.send(key, args, timeoutMs),
  })
  return {
    self,
    post(topic, payload, merge = false) {
      counts.published += 1
      return outbox.post(topic, payload, merge)
    },
    subscribe(listener) {
      const own = { ...listener }
      listeners.add(own)
      if (cursor !== undefined) own.onGap({ position: cursor.position, entries: [] }, 'late')
      if (liveness.isLive()) own.onLive()
      return () => void listeners.delete(own)
    },
    position: () => cursor?.position,
    isLive: liveness.isLive,
    checkLive: liveness.check,
    stats: () => ({
      ...counts,
      silences: liveness.silences(),
      waiting: outbox.waiting(),
      isLive: liveness.isLive(),
    }),
    async close() {
      loop.isOpen = false
      liveness.stop()
      outbox.close()
      listeners.clear()
      await ended
    },
  }
}

/** Reads, and starts again whenever reading fails, with growing pauses. */
async function keepReading(
  loop: { readonly isOpen: boolean; reason: string },
  { monotonicMs }: Pick<Clock, 'monotonicMs'>,
  read: () => Promise<void>,
): Promise<void> {
  let waitMs = RECONNECT_MS_MIN
  while (loop.isOpen) {
    const startedMs = monotonicMs()
    try {
      await read()
    } catch (error) {
      loop.reason = messageOf(error)
    }
    if (monotonicMs() - startedMs > RECONNECT_MS_MAX) waitMs = RECONNECT_MS_MIN
    if (loop.isOpen) await new Promise((resolve) => setTimeout(resolve, waitMs))
    waitMs = Math.min(waitMs * 2, RECONNECT_MS_MAX)
  }
}
