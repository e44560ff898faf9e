import type { StreamPosition } from '../../storage/index.ts'

/** Tracks how far a stream has been applied, for callers that wait for a place in it. */
export interface PlaceWatch {
  /** Says that everything up to a place has been applied. */
  moved(to: StreamPosition): void
  /** Whether everything up to a place has been applied, at the latest after so many milliseconds. */
  reaches(place: StreamPosition, withinMs: number): Promise<boolean>
}

/** Creates a {@link PlaceWatch} that has seen nothing yet. */
export function createPlaceWatch(): PlaceWatch {
  const looks = new Set<() => void>()
  let at: StreamPosition | undefined
  const covers = ({ era, sequence }: StreamPosition): boolean =>
    at?.era === era && at.sequence >= sequence
  return {
    moved(to) {
      at = to
      for (const look of looks) look()
    },
    async reaches(place, withinMs) {
      if (covers(place)) return true
      return new Promise((resolve) => {
        const end = (isThere: boolean): void => {
          clearTimeout(timer)
          looks.delete(look)
          resolve(isThere)
        }
        const look = (): void => {
          if (covers(place)) end(true)
        }
        const timer = setTimeout(end, withinMs, false)
        looks.add(look)
      })
    },
  }
}
