import type { Server } from './child.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'

/** Latencies of a stretch of load at a fixed rate, in milliseconds, sorted. */
export interface Latencies {
  /** From the planned moment to the answer. */
  readonly response: Float64Array
  /** From the planned moment to the sending: what the generator itself adds. */
  readonly lag: Float64Array
}

/** Load at a fixed rate, whether or not the server keeps up. */
export interface OpenLoop {
  run(seconds: number, discardMs: number): Promise<Latencies>
  close(): void
}

const STRIDE = 40_487

/** Opens the connections of an arm. */
export async function createOpenLoop(
  server: Server,
  arm: string,
  requests: readonly Uint8Array[],
  ratePerSecond: number,
  connectionsMax: number,
): Promise<OpenLoop> {
  const idle: Connection[] = []
  const plannedMs = new Map<Connection, number>()
  let response: number[] = []
  let lag: number[] = []
  let keepFromMs = 0
  let next = 0
  let failure: Error | undefined

  const fail = (reason: string): void => {
    failure ??= new Error(`${arm}: ${reason}`)
  }
  const onAnswer = (connection: Connection, status: number): void => {
    if (status !== 200) fail(`status ${status}`)
    const planned = plannedMs.get(connection) ?? Number.NaN
    if (planned >= keepFromMs) response.push(performance.now() - planned)
    idle.push(connection)
  }
  for (let at = 0; at < connectionsMax; at++) {
    const events = { onAnswer, onFailure: fail }
    idle.push(await openConnection('127.0.0.1', server.port(arm), events))
  }
  const send = (planned: number, nowMs: number): void => {
    // In turn, so that the server sees all of them used and ends none.
    const connection = idle.shift()!
    next = (next + STRIDE) % requests.length
    plannedMs.set(connection, planned)
    if (planned >= keepFromMs) lag.push(nowMs - planned)
    connection.send(requests[next]!)
  }
  const all = [...idle]
  return {
    async run(seconds, discardMs) {
      const stepMs = 1000 / ratePerSecond
      const startMs = performance.now()
      keepFromMs = startMs + discardMs
      response = []
      lag = []
      // What is due and finds no free connection waits, and its waiting counts.
      for (let planned = startMs; planned < startMs + seconds * 1000;) {
        const nowMs = performance.now()
        for (; planned <= nowMs && idle.length > 0; planned += stepMs) send(planned, nowMs)
        if (failure !== undefined) throw failure
        await nextTurn()
      }
      while (idle.length < all.length) {
        if (failure !== undefined) throw failure
        await nextTurn()
      }
      return {
        response: Float64Array.from(response).sort(),
        lag: Float64Array.from(lag).sort(),
      }
    },
    close() {
      for (const connection of all) connection.end()
    },
  }
}

/** A timer would be a millisecond late: the loop looks at the clock in every turn. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
