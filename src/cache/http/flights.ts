/** How a request for the origin ended, for those that waited for it. */
export type Landing<R> =
  /** Something was stored: look again. */
  | { readonly kind: 'stored' }
  /** The origin gave no answer, or an error: what is stored may stand in, else this refusal. */
  | { readonly kind: 'failed'; readonly refusal: R | undefined }
  /** Nothing that others could use, or it takes too long: ask for yourself. */
  | { readonly kind: 'alone' }
  /** Whoever asked is late: one of those that waited asks again, the others wait for that one. */
  | { readonly kind: 'late' }

/** One request for the origin that others wait for. */
export interface Flight<R> {
  readonly landing: Promise<Landing<R>>
  /** Ends it; only the first call counts. */
  land(landing: Landing<R>): void
}

/** Requests for the origin that are under way, by key: who comes meanwhile waits for the first. */
export interface Flights<R> {
  /** Waits for the one under way; `undefined` when there is none, or too many wait already. */
  join(key: string): Promise<Landing<R>> | 'crowded' | undefined
  isUnderWay(key: string): boolean
  begin(key: string): Flight<R>
  readonly waiting: number
}

/** Bounds of {@link createFlights}. */
export interface FlightOptions {
  /** Those that wait for one request at most; more ask for themselves. */
  readonly waitersMax: number
  /** How long they wait before one of them asks again, milliseconds. */
  readonly waitMs: number
}

interface Entry<R> {
  readonly flight: Flight<R>
  waiters: number
}

/** Creates {@link Flights}. */
export function createFlights<R>({ waitersMax, waitMs }: FlightOptions): Flights<R> {
  const entries = new Map<string, Entry<R>>()
  let waiting = 0
  return {
    get waiting() {
      return waiting
    },
    join(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.waiters >= waitersMax) return 'crowded'
      entry.waiters += 1
      waiting += 1
      return entry.flight.landing.then((landing) => {
        waiting -= 1
        return landing
      })
    },
    isUnderWay: (key) => entries.has(key),
    begin(key) {
      let resolve: (landing: Landing<R>) => void = () => undefined
      const promise = new Promise<Landing<R>>((settle) => {
        resolve = settle
      })
      const land = (landing: Landing<R>): void => {
        clearTimeout(timer)
        if (entries.get(key) === entry) entries.delete(key)
        resolve(landing)
      }
      const timer = setTimeout(() => land({ kind: 'late' }), waitMs)
      const entry: Entry<R> = { flight: { landing: promise, land }, waiters: 0 }
      entries.set(key, entry)
      return entry.flight
    },
  }
}
