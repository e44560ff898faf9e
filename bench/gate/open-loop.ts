import type { Server } from './child.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'

/** Latencies of a stretch of load at a fixed rate, in milliseconds, sorted. */
export interface Latencies {
  /** From the planned moment to the answer. */
  readonly response: Float64Array
  /**
   * From the planned moment to the sending, of those that did not wait for a free connection: what the
   * generator itself adds. Waiting for one is the server's doing, and part of its response alone.
   */
  readonly lag: Float64Array
}

/** Load at a fixed rate, whether or not the server keeps up. */
export interface OpenLoop {
  run(ms: number, discardMs: number): Promise<Latencies>
  close(): void
}

const STRIDE = 40_487

/** Opens the connections of an arm, and uses each. */
export async function createOpenLoop(
  server: Server,
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
    failure ??= new Error(`${server.arm}: ${reason}`)
  }
  const onAnswer = (connection: Connection, status: number): void => {
    if (status !== 200) fail(`status ${status}`)
    const planned = plannedMs.get(connection) ?? Number.NaN
    if (planned >= keepFromMs) response.push(performance.now() - planned)
    idle.push(connection)
  }
  for (let at = 0; at < connectionsMax; at++) {
    const events = { onAnswer, onFailure: fail }
    idle.push(await openConnection('127.0.0.1', server.port, events))
  }
  const send = (planned: number, lagMs: number | undefined): void => {
    // In turn, so that the server sees all of them used and ends none.
    const connection = idle.shift()!
    next = (next + STRIDE) % requests.length
    plannedMs.set(connection, planned)
    if (planned >= keepFromMs && lagMs !== undefined) lag.push(lagMs)
    connection.send(requests[next]!)
  }
  const all = [...idle]
  const turn = async (): Promise<void> => {
    if (failure !== undefined) throw failure
    await nextTurn()
  }
  return {
    async run(ms, discardMs) {
      const stepMs = 1000 / ratePerSecond
      const startMs = performance.now()
      keepFromMs = startMs + discardMs
      response = []
      lag = []
      /** What was due before had to wait for a connection. */
      let starvedUntilMs = startMs
      // What is due and finds no free connection waits, and its waiting counts.
      for (let planned = startMs; planned < startMs + ms;) {
        const nowMs = performance.now()
        for (; planned <= nowMs && idle.length > 0; planned += stepMs) {
          send(planned, planned < starvedUntilMs ? undefined : nowMs - planned)
        }
        if (planned <= nowMs) starvedUntilMs = nowMs
        await turn()
      }
      while (idle.length < all.length) await turn()
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
