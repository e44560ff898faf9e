import type { Server } from './child.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'
import { stayAwake } from './wakefulness.ts'

/** A stretch of load on one arm, without the moments after the switch to it. */
export interface Slice {
  readonly requests: number
  readonly seconds: number
  readonly cpuNs: number
}

/** Load on one arm as fast as it answers. */
export interface ClosedLoop {
  /** Sends for `ms` and measures all but the first `discardMs`. Ends when all answers are there. */
  run(ms: number, discardMs: number): Promise<Slice>
  /** Sends so many requests. */
  some(count: number): Promise<void>
  /** Sends each request once. */
  once(): Promise<void>
  close(): void
}

/** Steps through the requests so that neighbors in time are no neighbors in memory; a prime. */
const STRIDE = 40_487

/** Opens the connections of an arm. */
export async function createClosedLoop(
  server: Server,
  arm: string,
  requests: readonly Uint8Array[],
  connectionsMax: number,
): Promise<ClosedLoop> {
  let next = 0
  let answered = 0
  let inFlight = 0
  let left = 0
  let failure: Error | undefined
  let drained: (() => void) | undefined

  const send = (connection: Connection): void => {
    next = (next + STRIDE) % requests.length
    left -= 1
    connection.send(requests[next]!)
  }
  const fail = (reason: string): void => {
    failure ??= new Error(`${arm}: ${reason}`)
    left = 0
    drained?.()
  }
  const onAnswer = (connection: Connection, status: number): void => {
    answered += 1
    if (status !== 200) fail(`status ${status}`)
    if (left > 0) return send(connection)
    inFlight -= 1
    if (inFlight === 0) drained?.()
  }
  const connections = await Promise.all(
    Array.from({ length: connectionsMax }, () =>
      openConnection('127.0.0.1', server.port(arm), { onAnswer, onFailure: fail }),
    ),
  )
  const start = (count: number): Promise<void> => {
    left = count
    const { promise, resolve } = Promise.withResolvers<void>()
    drained = resolve
    for (const connection of connections) {
      if (left <= 0) break
      inFlight += 1
      send(connection)
    }
    return promise
  }
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure
  }
  const some = async (count: number): Promise<void> => {
    await start(count)
    throwFailure()
  }
  return {
    async run(ms, discardMs) {
      const done = start(Infinity)
      const sleepAgain = stayAwake()
      await Bun.sleep(discardMs)
      const before = { answered, atMs: performance.now(), cpuNs: await server.cpuNs() }
      await Bun.sleep(ms - discardMs)
      const cpuNs = (await server.cpuNs()) - before.cpuNs
      const seconds = (performance.now() - before.atMs) / 1000
      const slice = { requests: answered - before.answered, seconds, cpuNs }
      left = 0
      sleepAgain()
      await done
      throwFailure()
      return slice
    },
    some,
    once: async () => some(requests.length),
    close() {
      for (const connection of connections) connection.end()
    },
  }
}
