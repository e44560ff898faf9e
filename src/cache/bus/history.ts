import type { Random } from '../../core/random.ts'
import type { StreamEntry, StreamPosition, StreamSnapshot } from '../../storage/index.ts'
import { formatPosition, parsePosition } from '../../storage/index.ts'
import type { LevelFence, Name } from '../contract.ts'
import { createPositionTable } from '../levels/position-table.ts'
import { CACHE_TOPIC, formatName, parseName } from './wire.ts'

/**
 * What this instance knows about the invalidations that all instances share: enough to tell whether an entry that
 * another instance stored may be trusted.
 */
export interface InvalidationHistory {
  /** Up to where the history is known; `undefined` before anything is. */
  position(): LevelFence | undefined
  /** Whether, as far as is known, nothing that an entry depends on was invalidated after `fence`. */
  isCurrent(names: readonly Name[], fence: LevelFence): boolean
  /**
   * Notes an invalidation on its way into the shared order. Nothing that depends on the name is current until the
   * returned function is called with its place there.
   */
  begin(name: Name): (position: StreamPosition) => void
  /** Starts over with a snapshot of the stream as the whole history. */
  restart(snapshot: StreamSnapshot): void
  /** Notes an entry of the stream. */
  heard(entry: StreamEntry): void
}

/** The most names that may be on their way; with more, nothing is current. */
const UNDER_WAY_MAX = 10_000

/** Creates an {@link InvalidationHistory} that knows nothing yet. */
export function createInvalidationHistory(random: Random): InvalidationHistory {
  const table = createPositionTable(random)
  const underWay = new Map<string, number>()
  let allUnderWay = 0
  let known: StreamPosition | undefined

  const note = (name: Name, { era, sequence }: StreamPosition): void => {
    if (era === known?.era) table.note(name, sequence)
  }
  const heard = (entry: StreamEntry): void => {
    const name = entry.topic === CACHE_TOPIC ? parseName(entry.payload) : undefined
    known = entry.position
    if (name !== undefined) note(name, entry.position)
  }
  return {
    position: () => (known === undefined ? undefined : formatPosition(known)),
    isCurrent(names, fence) {
      const since = parsePosition(fence)
      if (known === undefined || since === undefined || since.era !== known.era) return false
      if (allUnderWay > 0) return false
      if (underWay.size > 0 && names.some((name) => underWay.has(formatName(name)))) return false
      return table.isCurrentSince(names, since.sequence)
    },
    begin(name) {
      const text = formatName(name)
      const isCounted = name.kind !== 'all' && (underWay.has(text) || underWay.size < UNDER_WAY_MAX)
      if (isCounted) underWay.set(text, (underWay.get(text) ?? 0) + 1)
      else allUnderWay += 1
      const before = known
      return (position) => {
        note(name, position)
        // It is in a numbering that this instance has not heard of yet, or the numbers went back: Redis has lost
        // invalidations that are known here.
        const hasGoneBack = before?.era === position.era && position.sequence <= before.sequence
        if (position.era !== known?.era || hasGoneBack) known = undefined
        if (!isCounted) allUnderWay -= 1
        else if (underWay.get(text) === 1) underWay.delete(text)
        else underWay.set(text, (underWay.get(text) ?? 0) - 1)
      }
    },
    restart({ position, entries }) {
      const first = entries[0]?.position.sequence ?? position.sequence + 1
      table.reset(first - 1)
      known = position
      for (const entry of entries) heard(entry)
      known = position
    },
    heard,
  }
}
