import type { Connection } from '../wire/connection.ts'
import type { Scope } from '../../scenario/index.ts'

/** A client on its way through a flow: a user who stays, or an arrival of open load. */
export interface Walker {
  flow: number
  step: number
  captured: Scope | undefined
  /** Users keep their connection; arrivals take any. */
  readonly user: number | undefined
  connection: Connection<Flight> | undefined
}

/** What a connection knows about the request under way on it. */
export interface Flight {
  isBusy: boolean
  plannedMs: number
  sentMs: number
  request: number
  bodyIncludes: string | undefined
  walker: Walker | undefined
  /** When the connection began to open. */
  openedMs: number
  /** Its index in the list of all connections. */
  place: number
}

/** A request that is due and has no connection yet. */
export interface Waiting {
  readonly plannedMs: number
  readonly request: number
  readonly walker: Walker
}

export const newFlight = (openedMs: number, place: number): Flight => ({
  isBusy: false,
  plannedMs: 0,
  sentMs: 0,
  request: 0,
  bodyIncludes: undefined,
  walker: undefined,
  openedMs,
  place,
})
