import type { Random } from '../../core/random.ts'
import type {
  RedisStream,
  StreamEntry,
  StreamPosition,
  StreamSnapshot,
} from '../../storage/index.ts'
import { formatPosition, parsePosition } from '../../storage/index.ts'
import type { Invalidation, InvalidationPublisher, InvalidationSink } from '../contract.ts'
import type { InvalidationHistory } from './history.ts'
import { createInvalidationHistory } from './history.ts'
import { createPlaceWatch } from './place-watch.ts'
import { CACHE_TOPIC, formatName, parseName } from './wire.ts'

/** Carries invalidations between the instances that share a Redis. */
export interface InvalidationBus extends InvalidationPublisher {
  readonly history: InvalidationHistory
  /** {@link InvalidationPublisher.publish}; resolves with its place in the shared order. */
  place(invalidation: Invalidation): Promise<StreamPosition>
  /** Whether everything up to a place has been applied, at the latest after so many milliseconds. */
  reaches(place: StreamPosition, withinMs: number): Promise<boolean>
  /**
   * Starts telling the cache. `resumeFrom` is the last sequence that a level which outlived the previous process has
   * applied: the invalidations after it are applied as soon as they are known, or `all` if they are not known any
   * longer. Until the history has a position, such a level must not be trusted.
   */
  start(sink: InvalidationSink, resumeFrom?: string): void
  /**
   * Whether, by the clock at this moment, everything published longer ago than the silence bound has been applied. If
   * not, the sink has been told by the time this returns.
   */
  isTrusted(): boolean
  close(): void
}

/** How many invalidations are kept for a cache that has not started yet; with more, it is told to forget everything. */
const EARLY_MAX = 10_000

/**
 * Creates an {@link InvalidationBus}. Create it in the turn of the event loop that opens the stream: a bus created
 * later knows of no earlier invalidation, and so trusts no entry that was stored earlier.
 */
export function createInvalidationBus(stream: RedisStream, random: Random): InvalidationBus {
  const history = createInvalidationHistory(random)
  let sink: InvalidationSink | undefined
  let early: StreamSnapshot | undefined
  let resumeAt: string | undefined
  /** Whether the sink has been told to trust the bus. */
  let isTold = false
  const tell = (invalidations: readonly Invalidation[]): void => {
    for (const invalidation of invalidations) sink?.apply(invalidation)
  }
  const watch = createPlaceWatch()
  const place = async ({ kind, name }: Invalidation): Promise<StreamPosition> => {
    const arrived = history.begin({ kind, name })
    const { accepted, inTime } = stream.post(CACHE_TOPIC, formatName({ kind, name }), true)
    accepted.then(arrived, () => undefined)
    return inTime
  }
  const unsubscribe = stream.subscribe({
    onEntry(entry) {
      history.heard(entry)
      if (sink === undefined) early = early === undefined ? undefined : append(early, entry)
      // This instance has already applied what it published itself.
      else if (entry.sender !== stream.self) tell(invalidationsOf([entry]))
      watch.moved(entry.position)
    },
    onGap(snapshot) {
      history.restart(snapshot)
      const isFirst = early === undefined && sink !== undefined
      tell((isFirst ? missedSince(snapshot, resumeAt) : undefined) ?? [allAt(snapshot)])
      early = snapshot
      watch.moved(snapshot.position)
    },
    onSilence(reason) {
      if (isTold) sink?.distrust(reason)
      isTold = false
    },
    onLive() {
      sink?.trust()
      isTold = true
    },
  })
  return {
    history,
    place,
    async publish(invalidation) {
      await place(invalidation)
    },
    reaches: watch.reaches,
    start(next, resumeFrom) {
      sink = next
      if (early !== undefined) tell(missedSince(early, resumeFrom) ?? [allAt(early)])
      else resumeAt = resumeFrom
      isTold = stream.isLive()
      if (isTold) sink.trust()
      else sink.distrust('nothing was heard yet')
    },
    isTrusted: () => stream.checkLive() && history.position() !== undefined,
    close: unsubscribe,
  }
}

const allAt = ({ position }: StreamSnapshot): Invalidation => ({
  kind: 'all',
  name: '',
  sequence: formatPosition(position),
})

function append(snapshot: StreamSnapshot, entry: StreamEntry): StreamSnapshot {
  const { entries } = snapshot
  if (entries.length >= EARLY_MAX) return { position: entry.position, entries: [] }
  return { position: entry.position, entries: [...entries, entry] }
}

const invalidationsOf = (entries: readonly StreamEntry[]): readonly Invalidation[] =>
  entries.flatMap(({ topic, payload, position }) => {
    const name = topic === CACHE_TOPIC ? parseName(payload) : undefined
    return name === undefined ? [] : [{ ...name, sequence: formatPosition(position) }]
  })

/** The invalidations after a position, if it is certain that none is missing; otherwise `undefined`. */
function missedSince(
  { position, entries }: StreamSnapshot,
  resumeFrom: string | undefined,
): readonly Invalidation[] | undefined {
  const since = resumeFrom === undefined ? undefined : parsePosition(resumeFrom)
  if (since === undefined || since.era !== position.era) return undefined
  const first = entries[0]?.position.sequence ?? position.sequence + 1
  if (since.sequence < first - 1 || since.sequence > position.sequence) return undefined
  return invalidationsOf(entries.filter((entry) => entry.position.sequence > since.sequence))
}
