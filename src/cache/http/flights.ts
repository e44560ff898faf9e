/** How a request to the origin ended, for the requests that waited for it. */
export type Landing<R> =
  /** Something was stored: look again. */
  | { readonly kind: 'stored' }
  /** The origin gave no answer, or an error: a stored response may stand in, or else this refusal. */
  | { readonly kind: 'failed'; readonly refusal: R | undefined }
  /** The response is of no use to others, or takes too long: ask the origin yourself. */
  | { readonly kind: 'alone' }
  /** The request is late: one of those that waited asks again, and the others wait for that one. */
  | { readonly kind: 'late' }

/** A request to the origin that others wait for. */
export interface Flight<R> {
  readonly landing: Promise<Landing<R>>
  /** Ends it; only the first call counts. */
  land(landing: Landing<R>): void
}

/** The requests to the origin that are under way, by key; later requests for the key wait for the first. */
export interface Flights<R> {
  /** Waits for the one under way; `undefined` when there is none, `crowded` when too many wait already. */
  join(key: string): Promise<Landing<R>> | 'crowded' | undefined
  isUnderWay(key: string): boolean
  begin(key: string): Flight<R>
  readonly waiting: number
}

/** Bounds of {@link createFlights}. */
export interface FlightOptions {
  /** How many may wait for one request; more ask for themselves. */
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
