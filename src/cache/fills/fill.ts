import type {
  CacheClock,
  EntryMeta,
  EpochTable,
  LevelFence,
  Name,
  Place,
  Position,
} from '../contract.ts'
import { checkName } from '../check-name.ts'
import type { CacheKey } from '../keys/cache-key.ts'
import { prefixesOf } from '../keys/prefixes.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Bounds } from './bounds.ts'
import { boundsLeft, boundsOf } from './bounds.ts'
import type { Coalescer } from './coalescer.ts'
import type { Attempt, AttemptContext, Attempted } from './flight.ts'
import type { LevelGuard } from './level-guard.ts'
import type { Load, Loaded } from './load.ts'
import { createNamePlaces } from './name-places.ts'
import type { Predictor } from './predictor.ts'
import type { Trust } from './trust.ts'

/** What fills of all kinds need. */
export interface FillParts {
  readonly epochs: EpochTable
  readonly clock: CacheClock
  readonly coalescer: Coalescer
  readonly predictor: Predictor
  readonly trust: Trust
  readonly levels: readonly LevelGuard[]
}

/** A value that may be stored: nothing that it depends on has been invalidated since it was read. */
export interface Filled<V> {
  readonly value: V
  readonly isNegative: boolean
  readonly bounds: Bounds
  /** When it was read, in monotonic milliseconds: bounds count from here. */
  readonly readAtMs: number
  readonly costMs: number
  readonly tags: readonly string[]
  /** What it depends on, besides the names of its key and its tags. */
  readonly dependsOn: readonly Name[]
  readonly places: readonly Place[]
  readonly position: Position
}

/** Puts values where lookups find them, and says how long they live. */
export interface Shelf<V> {
  keep(key: CacheKey, filled: Filled<V>): boolean
  /** Forgets the old value: a newer one is known, but may not be stored. */
  drop(key: CacheKey): void
  /** Notes that a load failed, where errors are kept. */
  keepError(key: CacheKey, error: unknown, places: readonly Place[], position: Position): void
  /** The lifetime of a value just loaded, where it adapts; `undefined` for that of the kind. */
  lifetimeMs(loaded: Loaded<V>, costMs: number): number | undefined
}

/** The position and the time before something is read. */
interface Start {
  readonly position: Position
  readonly losses: number
  readonly monotonicMs: number
  readonly wallMs: number
}

/** The fences that levels answered with, for storing there afterward. */
type Fences = readonly (readonly [level: LevelGuard, fence: LevelFence])[]

/** Loads the values of one kind behind fences. */
export interface Filler<V> {
  /** Loads, together with others who ask for the key. */
  fill(
    key: CacheKey,
    load: Load<V>,
    previous: V | undefined,
    shelf: Shelf<V>,
    signal?: AbortSignal,
  ): Promise<V>
  /** Stores a value that was read elsewhere since a position; `false` when it was overtaken or there is no room. */
  put(key: CacheKey, loaded: Loaded<V>, since: Position, nowMs: number, shelf: Shelf<V>): boolean
  placesOf(key: CacheKey): readonly Place[]
}

const NO_TAGS: readonly string[] = []
const NO_NAMES: readonly Name[] = []

/** Creates a {@link Filler}. */
export function createFiller<V>(kind: Kind<V>, parts: FillParts): Filler<V> {
  const { epochs, clock, coalescer, predictor, trust } = parts
  const placesOf = createNamePlaces(epochs, {
    patternDepth: kind.patternDepth,
    isPolicyBound: kind.class === 'decision' && kind.isPolicyBound,
  })
  const start = (): Start => ({
    position: epochs.position(),
    losses: trust.losses(),
    monotonicMs: clock.monotonicMs(),
    wallMs: clock.nowMs(),
  })
  /** Whether a value that was read since `begun` may be trusted and stored. */
  const holds = (key: CacheKey, places: readonly Place[], begun: Start): boolean => {
    if (kind.class === 'decision' && begun.losses !== trust.losses()) return false
    if (begun.position === epochs.position()) return true
    return (
      epochs.isCurrentSince(places, begun.position) &&
      epochs.isCurrentSince([epochs.place('key', key.text)], begun.position)
    )
  }
  const withTags = (base: readonly Place[], tags: readonly string[]): readonly Place[] =>
    tags.length === 0 ? base : [...base, ...tags.map((tag) => epochs.place('tag', tag))]
  const withNames = (base: readonly Place[], names: readonly Name[]): readonly Place[] =>
    names.length === 0 ? base : [...base, ...epochs.capture(names).places]
  const mayKeep = (): boolean => kind.class === 'content' || trust.isTrusted()

  /** Asks the levels; a refresh takes only their fences, because it wants something newer. */
  const recall = async (
    key: CacheKey,
    isRefresh: boolean,
    shelf: Shelf<V>,
    signal: AbortSignal,
  ): Promise<Attempted<V> | Fences> => {
    const fences: (readonly [LevelGuard, LevelFence])[] = []
    if (kind.codec === undefined || !mayKeep()) return fences
    for (const level of parts.levels) {
      const begun = start()
      const answer = await level.get(key.text, signal)
      if (answer.state === 'unavailable') continue
      const isUseful = answer.state === 'hit' && !isRefresh
      const filled = isUseful ? restore(key, answer.entry, begun) : undefined
      if (filled === undefined) {
        fences.push([level, answer.fence])
        continue
      }
      if (!holds(key, filled.places, begun)) return { state: 'overtaken' }
      if (mayKeep()) shelf.keep(key, filled)
      if (answer.state === 'hit') {
        for (const [nearer, fence] of fences) {
          nearer.set(key.text, answer.entry.meta, answer.entry.body, fence)
        }
      }
      const isCurrent = (): boolean => holds(key, filled.places, begun)
      return { state: 'shared', value: filled.value, isCurrent }
    }
    return fences
  }

  const restore = (
    key: CacheKey,
    { meta, body }: { readonly meta: EntryMeta; readonly body: Uint8Array },
    begun: Start,
  ): Filled<V> | undefined => {
    if (meta.kind !== kind.name || meta.tenant !== key.owner.tenant) return undefined
    const bounds = boundsLeft(kind, meta, begun.wallMs)
    const value = bounds.freshMs > 0 ? kind.codec?.decode(body) : undefined
    if (value === undefined) return undefined
    return {
      value,
      isNegative: meta.isNegative,
      bounds,
      readAtMs: begun.monotonicMs,
      costMs: meta.costMs,
      tags: meta.tags,
      dependsOn: meta.dependsOn ?? NO_NAMES,
      places: withNames(withTags(placesOf(key), meta.tags), meta.dependsOn ?? NO_NAMES),
      position: epochs.position(),
    }
  }

  const keep = (
    key: CacheKey,
    loaded: Loaded<V>,
    dependsOn: readonly Name[],
    places: readonly Place[],
    begun: Start,
    costMs: number,
    shelf: Shelf<V>,
  ): Filled<V> | undefined => {
    const lifetimeMs = shelf.lifetimeMs(loaded, costMs)
    const bounds = boundsOf(kind, loaded, begun.wallMs, lifetimeMs)
    if (bounds.hardMs <= 0 || !mayKeep()) return undefined
    const filled: Filled<V> = {
      value: loaded.value,
      isNegative: loaded.isNegative === true,
      bounds,
      readAtMs: begun.monotonicMs,
      costMs,
      tags: loaded.tags ?? NO_TAGS,
      dependsOn,
      places,
      position: epochs.position(),
    }
    return shelf.keep(key, filled) ? filled : undefined
  }

  const read = async (
    key: CacheKey,
    load: Load<V>,
    previous: V | undefined,
    shelf: Shelf<V>,
    { signal, decline }: AttemptContext,
  ): Promise<{
    readonly result: Attempted<V>
    readonly filled?: Filled<V>
    readonly begun: Start
  }> => {
    const begun = start()
    const base = placesOf(key)
    const more: Name[] = []
    let isOver = false
    let loaded: Loaded<V>
    try {
      loaded = await load({
        signal,
        decline,
        previous,
        dependsOn(...names) {
          if (isOver) throw new Error('dependsOn was called after the load had ended')
          for (const { kind, name } of names) {
            checkName({ kind, name })
            more.push({ kind, name })
          }
        },
      })
      isOver = true
    } catch (error) {
      isOver = true
      const places = withNames(base, more)
      if (!signal.aborted && previous === undefined && holds(key, places, begun)) {
        shelf.keepError(key, error, places, epochs.position())
      }
      throw error
    }
    const costMs = clock.monotonicMs() - begun.monotonicMs
    const places = withNames(withTags(base, loaded.tags ?? NO_TAGS), more)
    const isCurrent = (): boolean => holds(key, places, begun)
    if (!isCurrent()) return { result: { state: 'overtaken' }, begun }
    const { value, isCacheable = true } = loaded
    predictor.note(key.hash, isCacheable, clock.monotonicMs())
    const result = { state: isCacheable ? 'shared' : 'own', value, isCurrent } as const
    const filled = isCacheable ? keep(key, loaded, more, places, begun, costMs, shelf) : undefined
    return filled === undefined ? { result, begun } : { result, filled, begun }
  }

  const spread = (key: CacheKey, filled: Filled<V>, begun: Start, fences: Fences): void => {
    if (kind.codec === undefined || fences.length === 0) return
    const body = kind.codec.encode(filled.value)
    const meta = metaOf(kind, key, filled, begun.wallMs)
    for (const [level, fence] of fences) level.set(key.text, meta, body, fence)
  }

  const attempt =
    (key: CacheKey, load: Load<V>, previous: V | undefined, shelf: Shelf<V>): Attempt<V> =>
    async (context) => {
      const recalled = await recall(key, previous !== undefined, shelf, context.signal)
      if ('state' in recalled) return recalled
      const { result, filled, begun } = await read(key, load, previous, shelf, context)
      if (filled !== undefined) spread(key, filled, begun, recalled)
      return result
    }

  return {
    placesOf,
    fill(key, load, previous, shelf, signal) {
      checkKind(kind, key)
      const run = attempt(key, load, previous, shelf)
      return predictor.isUncacheable(key.hash, clock.monotonicMs())
        ? coalescer.alone(run, signal)
        : coalescer.run(key.text, run, signal)
    },
    put(key, loaded, since, nowMs, shelf) {
      checkKind(kind, key)
      if (!(since <= epochs.position())) {
        throw new RangeError('put needs a position that this cache has reached')
      }
      const begun: Start = {
        position: since,
        losses: trust.losses(),
        monotonicMs: nowMs,
        wallMs: loaded.expiresAtMs === undefined ? 0 : clock.nowMs(),
      }
      const places = withTags(placesOf(key), loaded.tags ?? NO_TAGS)
      if (!holds(key, places, begun)) return false
      const mayBeKept = loaded.isCacheable !== false
      if (mayBeKept && keep(key, loaded, NO_NAMES, places, begun, 0, shelf) !== undefined)
        return true
      shelf.drop(key)
      return false
    },
  }
}

function checkKind<V>(kind: Kind<V>, key: CacheKey): void {
  if (key.owner.kind === kind.name) return
  throw new TypeError(`a key of the kind ${key.owner.kind} cannot name an entry of ${kind.name}`)
}

/** Dates outside the process are finite; this one stands for "never". */
const DATE_MS_MAX = Number.MAX_SAFE_INTEGER

function metaOf<V>(
  kind: Kind<V>,
  key: CacheKey,
  { bounds, tags, dependsOn, costMs, isNegative }: Filled<V>,
  createdMs: number,
): EntryMeta {
  const after = (ms: number): number => Math.min(createdMs + ms, DATE_MS_MAX)
  return {
    kind: kind.name,
    tenant: key.owner.tenant,
    tags,
    prefixes: prefixesOf(key, kind.patternDepth),
    ...(kind.class === 'decision' && kind.isPolicyBound && { policy: key.owner.tenant }),
    ...(dependsOn.length > 0 && { dependsOn }),
    createdMs,
    freshUntilMs: after(bounds.freshMs),
    staleWhileRevalidateUntilMs: after(bounds.staleWhileRevalidateMs),
    staleIfErrorUntilMs: after(bounds.staleIfErrorMs),
    expiresMs: after(bounds.hardMs),
    costMs,
    isNegative,
  }
}
