import type { Name } from '../../cache/index.ts'
import type { Clock } from '../../core/clock.ts'
import { createIdFactory } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import type { Bus, BusMessage, Siblings, StreamPosition } from '../../storage/index.ts'

/** Carries word of invalidations to whoever else stores responses. */
export interface OtherStores {
  /** Tells all of an invalidation. */
  tell(name: Name): void
  /** Resolves once all that were told have acted on it, or after a while. */
  settled(): Promise<void>
  /** Invalidations that some process of this gate had not confirmed in time. */
  unconfirmed(): number
  /** Applies what came over the bus; what is no word of an invalidation does nothing. */
  hear(message: BusMessage): void
}

/** The stream of invalidations that gates share. */
export interface SharedInvalidations {
  /** Resolves with the place of the invalidation in the stream. */
  publish(name: Name): Promise<StreamPosition>
  /** Whether everything up to a place has been applied here, at the latest after so many milliseconds. */
  reaches(place: StreamPosition, withinMs: number): Promise<boolean>
}

/** What {@link createOtherStores} needs. */
export interface OtherStoresParts {
  readonly clock: Clock
  readonly random: Random
  readonly bus: Bus
  /** The stream that several gates share; where there is one, it carries what the bus would. */
  readonly shared: SharedInvalidations | undefined
  /** The other processes of this gate. */
  readonly siblings?: Siblings | undefined
  /** Does what another store said. */
  readonly apply: (name: Name) => void
  readonly onFailure: (error: unknown) => void
}

const TOPIC = 'responses.invalidated'

/** A change waits so long at most for Redis to take word of it. */
const PUBLISH_MS_MAX = 50
/** And a process that was told where it stands in the stream waits so long for it to come from there. */
const REACH_MS_MAX = 50
/** A change is answered after so long, whatever has not been heard. */
const SETTLE_MS_MAX = 150

/** What siblings tell each other. */
interface Word {
  readonly name: Name
  /** Where it stands in the stream; absent when Redis has not taken it in time. */
  readonly place?: StreamPosition
}

/** Creates {@link OtherStores}. */
export function createOtherStores(parts: OtherStoresParts): OtherStores {
  const { bus, shared, siblings, apply, onFailure } = parts
  const own = createIdFactory(parts.clock, parts.random)('ins')
  let telling: Promise<unknown> = Promise.resolve()
  let unconfirmed = 0

  const tellSiblings = async (word: Word): Promise<void> => {
    if ((await siblings?.tell(JSON.stringify(word))) === false) unconfirmed += 1
  }
  const tellAll = async (name: Name): Promise<void> => {
    if (shared === undefined) {
      if (siblings !== undefined) return tellSiblings({ name })
      const { kind } = name
      return bus.publish({
        topic: TOPIC,
        payload: JSON.stringify({ from: own, kind, name: name.name }),
      })
    }
    const placed = shared.publish(name)
    placed.catch(onFailure)
    const place = await atMost(placed, PUBLISH_MS_MAX).catch(() => undefined)
    return tellSiblings({ name, ...(place !== undefined && { place }) })
  }
  siblings?.listen(async (payload) => {
    const { name, place } = JSON.parse(payload) as Word
    // Without word from the stream it is applied here, so that what lies in Redis is not believed either.
    if (place === undefined || (await shared?.reaches(place, REACH_MS_MAX)) !== true) apply(name)
  })
  return {
    tell(name) {
      telling = Promise.all([telling, tellAll(name).catch(onFailure)])
    },
    settled: async () => void (await atMost(telling, SETTLE_MS_MAX)),
    unconfirmed: () => unconfirmed,
    hear({ topic, payload }) {
      const heard = topic === TOPIC ? parseInvalidation(payload) : undefined
      if (heard !== undefined && heard.from !== own) apply(heard.name)
    },
  }
}

/** What a promise gives, or `undefined` when that takes longer. */
async function atMost<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseInvalidation(
  payload: string,
): { readonly from: unknown; readonly name: Name } | undefined {
  const heard = parseJson(payload)
  if (typeof heard !== 'object' || heard === null) return undefined
  const { from, kind, name } = heard as Readonly<Record<string, unknown>>
  const isSound = (kind === 'tag' || kind === 'tenant') && typeof name === 'string'
  return isSound ? { from, name: { kind, name } } : undefined
}
