import type { Server } from './child.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'
import { cpuTimeBetween, waitedForOthersNs } from './cpu-time.ts'
import { Pacing } from './pacing.ts'

/** Latencies of a period of load at a fixed rate. */
export interface Latencies {
  /** Milliseconds from the planned moment to the answer, sorted. */
  readonly response: Float64Array
  /** Share of the planned requests that the generator missed, because it was stalled. */
  readonly missed: number
  /** Share of the time that the server was ready to run and had to wait for other work. */
  readonly waited: number
  /** Records that the audit log wrote of its requests. */
  readonly written: number
  /** Records that it lost. */
  readonly dropped: number
}

/** Load at a fixed rate, whether or not the server keeps up. */
export interface OpenLoop {
  /** Sends for `ms` and measures all but the first `discardMs`. Begins and ends with all records on disk. */
  run(ms: number, discardMs: number): Promise<Latencies>
  close(): void
}

const STRIDE = 40_487

/** Opens the connections of an arm, and uses each. Nothing is allocated by it while it measures. */
export async function createOpenLoop(
  server: Server,
  requests: readonly Uint8Array[],
  ratePerSecond: number,
  connectionsMax: number,
): Promise<OpenLoop> {
  const pacing = new Pacing(ratePerSecond)
  /** Free connections, used in turn, so that the server sees all of them used and ends none. */
  const idle = new Ring<Connection>(connectionsMax)
  const planned = new Map<Connection, number>()
  let response = new Float64Array(0)
  let count = 0
  let keepFromMs = 0
  let next = 0
  let failure: Error | undefined

  const fail = (reason: string): void => {
    failure ??= new Error(`${server.arm}: ${reason}`)
  }
  const onAnswer = (connection: Connection, status: number): void => {
    if (status !== 200) fail(`status ${status}`)
    pacing.worked()
    idle.push(connection)
    const plannedMs = planned.get(connection) ?? Number.NaN
    if (plannedMs >= keepFromMs) response[count++] = performance.now() - plannedMs
  }
  const all: Connection[] = []
  for (let at = 0; at < connectionsMax; at++) {
    const events = { onAnswer, onFailure: fail }
    const connection = await openConnection('127.0.0.1', server.port, events)
    all.push(connection)
    idle.push(connection)
  }
  const send = (connection: Connection, plannedMs: number): void => {
    pacing.worked()
    next = (next + STRIDE) % requests.length
    planned.set(connection, plannedMs)
    connection.send(requests[next]!)
  }
  /** Sends until `endMs`, then waits for all answers. Reads the clock in every turn; a timer would be 1 ms late. */
  const load = (endMs: number): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let counted = count
    let isStarved = false
    const turn = (): void => {
      if (failure !== undefined) return reject(failure)
      const nowMs = performance.now()
      if (pacing.hasStalled(nowMs, isStarved)) {
        pacing.missed += count - counted
        count = counted
      }
      counted = count
      while (idle.length > 0 && pacing.dueMs < endMs) {
        const plannedMs = pacing.take(nowMs)
        if (plannedMs === undefined) break
        send(idle.shift(), plannedMs)
      }
      isStarved = idle.length === 0
      if (pacing.dueMs >= endMs && idle.length === connectionsMax) return resolve()
      setImmediate(turn)
    }
    turn()
    return promise
  }
  return {
    async run(ms, discardMs) {
      const plannedMax = Math.ceil((ms * ratePerSecond) / 1000) + 1
      response = new Float64Array(plannedMax)
      const records = await server.drain()
      // Its garbage is collected before, not meanwhile.
      Bun.gc(true)
      const before = await server.cpu()
      const startMs = performance.now()
      count = 0
      keepFromMs = startMs + discardMs
      pacing.start(startMs)
      await load(startMs + ms)
      const cpu = cpuTimeBetween(before, await server.cpu())
      const { written, dropped } = await server.drain()
      return {
        response: response.slice(0, count).sort(),
        missed: pacing.missed / plannedMax,
        waited: waitedForOthersNs(cpu) / 1e6 / ms,
        written: written - records.written,
        dropped: dropped - records.dropped,
      }
    },
    close() {
      for (const connection of all) connection.end()
    },
  }
}

/** A first-in, first-out queue of fixed capacity. */
class Ring<T> {
  readonly #places: (T | undefined)[]
  #first = 0
  length = 0

  constructor(places: number) {
    this.#places = Array.from({ length: places }, () => undefined)
  }

  push(item: T): void {
    this.#places[(this.#first + this.length) % this.#places.length] = item
    this.length += 1
  }

  shift(): T {
    const item = this.#places[this.#first]!
    this.#first = (this.#first + 1) % this.#places.length
    this.length -= 1
    return item
  }
}
